"""Compiles the regular expressions of source folders with RE2, whose searches take linear time."""

from __future__ import annotations

from typing import Any

import re2

from .errors import InvalidRegex


def compile_regex(pattern: Any) -> Any:
    """Compile an RE2 expression.

    Raises:
        InvalidRegex: RE2 does not take it, as it takes neither look-around nor back-references.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, TypeError) as error:
        reason = error.args[0] if error.args else error
        raise InvalidRegex(pattern, reason.decode() if isinstance(reason, bytes) else str(reason)) from None
