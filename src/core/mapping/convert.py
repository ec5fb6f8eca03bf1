"""Converts values from one type to another; a value that does not fit gives None, never a guess."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ..codec import encode, parse
from ..errors import InvalidEvent, InvalidJson
from ..form import parse_query

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|/|[^=&?]*\?")
"""How text begins that is a URL, perhaps relative, and not a query."""
_MAX_LENGTH = 308
"""Characters of the longest text read as a number: an integer of 308 digits is always within float64."""
_MAX_GROWTH = 32
"""How many times as long an object may become, flattened."""
_UNCOUNTED = 8192
"""Characters of keys up to which it does not matter."""


def text(value: Any) -> str | None:
    """Return a scalar as text: text itself, a number's decimal digits, `true` or `false`; else None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return encode(value).decode()
    return None


def number(value: Any) -> int | float | None:
    """Return a number, or text that is a JSON number within float64; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > _MAX_LENGTH or not _NUMBER.fullmatch(value):
        return None
    parsed: int | float = json.loads(value)
    return None if parsed in (float("inf"), float("-inf")) else parsed


def parse_or_encode(value: Any) -> Any:
    """Return JSON text as its value, or None if it is not JSON; any other value as JSON text."""
    if not isinstance(value, str):
        return encode(value).decode()
    try:
        return parse(value.encode())
    except InvalidJson:
        return None


def shift(value: Any, places: int) -> int | float | None:
    """Return a number with its decimal point moved to the right, as exact as float64 can say it.

    A whole number stays an integer. Anything but a number gives None, as does a result beyond float64.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    shifted = Decimal((sign, digits, int(exponent) + places))
    real = float(shifted)
    if not math.isfinite(real):
        return None
    return int(shifted) if shifted == shifted.to_integral_value() else real


def query(value: Any) -> dict[str, Any] | None:
    """Return the query of a URL, or text that is a query, as an object; None if there is none."""
    if not isinstance(value, str):
        return None
    before_fragment = value.partition("#")[0]
    if _URL.match(before_fragment):
        before_fragment = before_fragment.partition("?")[2]
    elif "=" not in before_fragment:
        return None
    return parse_query(before_fragment) or None


def compact(value: Any) -> Any:
    """Return an object or list without its own nulls; nulls nested deeper stay."""
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [element for element in value if element is not None]
    return value


def flatten(value: Any, separator: str) -> Any:
    """Return a nested object on one level, its keys joined by the separator; a list of lists as one list.

    Raises:
        InvalidEvent: rule `event/size`: a long key leads to many members, and would be repeated for each.
    """
    if isinstance(value, list):
        return [x for element in value for x in (element if isinstance(element, list) else [element])]
    if not isinstance(value, dict):
        return None
    flat: dict[str, Any] = {}
    length, limit = 0, _UNCOUNTED
    for key, leaf in _leaves(value, "", separator):
        length += len(key)
        if length > limit:
            limit = _UNCOUNTED + _MAX_GROWTH * len(encode(value))
            if length > limit:
                reason = f"an object would become more than {_MAX_GROWTH} times as long, flattened"
                raise InvalidEvent("event/size", f"{reason}: send shorter keys, or fewer members below one")
        flat[key] = leaf
    return flat


def _leaves(value: Any, prefix: str, separator: str) -> Iterator[tuple[str, Any]]:
    """List what is in an object or list that is neither, or empty, with the keys that lead to it, joined."""
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(member, dict | list) and member:
            yield from _leaves(member, f"{prefix}{key}{separator}", separator)
        else:
            yield f"{prefix}{key}", member
