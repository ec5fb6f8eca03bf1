"""Reads the timestamps that vendors sign."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_FIRST_MILLISECONDS = 1e11
"""From here on a number is milliseconds: as seconds it would be after the year 5000."""


def epoch_seconds(text: str) -> float | None:
    """Read seconds or milliseconds since 1970, or ISO 8601 (UTC if it names no zone); None if it is neither."""
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number / 1000 if number >= _FIRST_MILLISECONDS else number
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
