"""Says in words what a function of `apply` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .markdown import code, codes, scalar_code

_TIMES = {
    "s": "seconds since 1970",
    "ms": "milliseconds since 1970",
    "epoch": "seconds or milliseconds since 1970",
    "iso": "ISO 8601",
}


def function(call: Any) -> str:
    """Say what a function does to a value: in lower case, its MD5 digest."""
    if isinstance(call, str):
        return WITHOUT_ARGUMENT[call]
    ((name, argument),) = call.items()
    return WITHOUT_ARGUMENT[name] if argument is None else WITH_ARGUMENT[name](argument)


def _time(unit: str) -> str:
    return f"as a time, from {_TIMES.get(unit) or code(unit)}"


def _at(index: int) -> str:
    return {0: "the first element", -1: "the last element"}.get(index) or (
        f"element {index + 1}" if index > 0 else f"element {-index} from the end"
    )


def _slice(bounds: Any) -> str:
    start, end = (*bounds, None)[:2] if isinstance(bounds, list) else (bounds, None)
    begin = f"position {start}" if start else "the start"
    return f"the part from {begin} to {'the end' if end is None else f'position {end}'}"


def _replace(texts: list[str]) -> str:
    old, new = texts
    return f"with {scalar_code(old)} replaced by {scalar_code(new)}" if new else f"without {scalar_code(old)}"


def _shift(places: int) -> str:
    count, direction = abs(places), "right" if places > 0 else "left"
    return f"with the decimal point {count} place{'' if count == 1 else 's'} to the {direction}"


WITHOUT_ARGUMENT = {
    "time": _time("iso"),
    "uuid": "a UUID derived from it",
    "md5": "its MD5 digest",
    "sha256": "its SHA-256 digest",
    "lower": "in lower case",
    "upper": "in upper case",
    "title": "in title case",
    "nonblank": "ignored if blank",
    "string": "as text",
    "number": "as a number",
    "query": "its query as an object",
    "json": "parsed if it is JSON text, otherwise as JSON text",
    "flatten": f"on one level, keys joined with {code('.')}",
    "compact": "without nulls",
    "keys": "its keys",
    "values": "its values",
    "pairs": "as a list of keys with their values",
}
WITH_ARGUMENT: dict[str, Callable[[Any], str]] = {
    "time": _time,
    "split": lambda separator: f"split at {scalar_code(separator)}",
    "join": lambda separator: f"joined with {scalar_code(separator)}" if separator else "joined",
    "at": _at,
    "slice": _slice,
    "capture": lambda expression: f"the part captured by {code(expression)}",
    "replace": _replace,
    "shift": _shift,
    "flatten": lambda separator: f"on one level, keys joined with {scalar_code(separator)}",
    "pairs": lambda names: f"as an object, from the members {codes(names, 'and')} of its elements",
}
