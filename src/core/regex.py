"""Regular expressions that take time linear in the text they search: RE2's, and no others anywhere."""

from __future__ import annotations

from typing import Any

import re2


class ExpressionError(ValueError):
    """An author wrote what is no RE2 expression; the message says why."""


def expression(pattern: Any) -> Any:
    """Compile an RE2 expression, which takes time linear in the text it searches.

    Raises:
        ExpressionError: it is no RE2 expression (look-around and back-references are not).
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, TypeError) as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode() if isinstance(reason, bytes) else reason
        raise ExpressionError(f"{pattern!r} is no RE2 expression: {reason}") from None
