"""Quotes values in what authors read."""

from __future__ import annotations

import json
from typing import Any

_MAX_LENGTH = 120
"""Characters of a value that are quoted."""


def quote(value: Any) -> str:
    """Write a value as JSON, cut off if it is long; None is `nothing`."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}..."
