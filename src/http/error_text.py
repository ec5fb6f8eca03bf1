"""Builds the error text for a sender whose request was rejected whole."""

from __future__ import annotations

from ..core.outcome import Rejection

MALFORMED = "Malformed JSON in request body"
"""The text of rudder-server's own transformer for a body that is not JSON."""

NOT_AUTHENTIC = "request refused as not authentic"
"""The text for a request that was refused: the reason is for the operator."""


def error_text(rejections: list[Rejection]) -> str:
    """The reason of the first rejection, and how many more there are."""
    first, *others = rejections
    if not first.pointer and first.rule.startswith("json/"):
        return MALFORMED
    where = f"{first.pointer}: " if first.pointer else ""
    more = f" (and {len(others)} more rejected)" if others else ""
    return f"{where}{first.reason}{more}"
