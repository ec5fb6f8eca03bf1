"""Says how the arguments of functions are changed, and which values tell a function from none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..quote import quote
from .expressions import looser_expressions

_RECORDS = {
    "time": "is a time",
    "lower": "has a capital letter",
    "upper": "has a small letter",
    "title": "has a word that does not begin with a capital letter",
    "at": "is a list",
    "capture": "matches the expression",
    "nonblank": "is text with nothing visible in it",
    "string": "is a number",
    "number": "is text",
    "shift": "is a number other than 0",
    "query": "is a URL with a query",
    "flatten": "has an object or a list inside",
    "compact": "has a null member",
    "keys": "is an object",
    "values": "is an object",
}
"""What a value must be for a function to make another value of it."""
_TIMES = {
    "s": [("ms", "is a number")],
    "ms": [("s", "is a number")],
    "epoch": [("s", "is a number of milliseconds"), ("ms", "is a number of seconds")],
}


def function_record(name: str, origin: str) -> str:
    """Say what a record must hold for a function to change a value."""
    return f"{origin} {_RECORDS.get(name, f'is a value that {name} changes')}"


def argument_changes(call: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """List other arguments of a function, each with what its value must be to show the difference."""
    ((name, argument),) = call.items()
    match name, argument:
        case "time", str() if argument in _TIMES:
            yield from _TIMES[argument]
        case (("split" | "join" | "flatten"), str()):
            yield f"{argument}~", "has several parts"
        case "at", int():
            yield (argument + 1 if argument >= 0 else 0), "is a list of several elements"
        case "slice", list():
            for index, end in enumerate(argument):
                if end is not None:
                    yield (
                        [*argument[:index], end + 1, *argument[index + 1 :]],
                        "is longer than the part it takes",
                    )
        case "shift", int():
            yield argument + 1, "is a number other than 0"
        case "replace", [old, new]:
            yield [old, f"{new}~"], f"has {quote(old)} in it"
        case "capture", str():
            yield from looser_expressions(argument)
