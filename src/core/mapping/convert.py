"""Conversions between kinds of value, none of them silent: what does not fit gives None."""

from __future__ import annotations

import json
import re
from typing import Any

from ..codec import encode

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 308
"""Digits of the longest integer that is surely within float64."""


def text(value: Any) -> str | None:
    """A scalar as text: text itself, a number's decimal digits, `true` or `false`; else None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return encode(value).decode()
    return None


def number(value: Any) -> int | float | None:
    """A number, or text that is a JSON number within float64; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value):
        return None
    parsed: int | float = json.loads(value)
    return None if parsed in (float("inf"), float("-inf")) else parsed


def compact(value: Any) -> Any:
    """The object or list without its own nulls; what is nested deeper stays as it is."""
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [element for element in value if element is not None]
    return value


def flatten(value: Any, separator: str) -> Any:
    """An object on one level, its keys joined by `separator`; a list of lists as one list."""
    if isinstance(value, list):
        return [x for element in value for x in (element if isinstance(element, list) else [element])]
    if not isinstance(value, dict):
        return None
    flat: dict[str, Any] = {}
    for key, member in value.items():
        if isinstance(member, list):
            member = {str(index): element for index, element in enumerate(member)} or member  # noqa: PLW2901
        if isinstance(member, dict) and member:
            flat.update({f"{key}{separator}{rest}": leaf for rest, leaf in flatten(member, separator).items()})
        else:
            flat[key] = member
    return flat
