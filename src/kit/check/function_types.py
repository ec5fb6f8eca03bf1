"""Which types each step of a row takes, and which it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ...core.json_value import Steps
from .shape import Types

TEXT: Types = frozenset({"string"})
LIST: Types = frozenset({"array"})
OBJECT: Types = frozenset({"object"})
_NUMBER: Types = frozenset({"number"})
_SCALAR: Types = frozenset({"string", "number", "boolean"})
_TEXT_OR_NUMBER: Types = frozenset({"string", "number"})
_TEXT_OR_LIST: Types = frozenset({"string", "array"})
_OBJECT_OR_LIST: Types = frozenset({"object", "array"})


class Signature(NamedTuple):
    """What a step takes and gives; None is any type. What it `keeps` has the type of what it is given."""

    takes: Types = None
    gives: Types = None
    keeps: bool = False


_FUNCTIONS = {
    "uuid": Signature(_SCALAR, TEXT),
    "md5": Signature(_SCALAR, TEXT),
    "sha256": Signature(_SCALAR, TEXT),
    "lower": Signature(TEXT, TEXT),
    "upper": Signature(TEXT, TEXT),
    "title": Signature(TEXT, TEXT),
    "split": Signature(TEXT, LIST),
    "join": Signature(LIST, TEXT),
    "at": Signature(LIST),
    "slice": Signature(_TEXT_OR_LIST, keeps=True),
    "capture": Signature(TEXT, TEXT),
    "nonblank": Signature(keeps=True),
    "string": Signature(_SCALAR, TEXT),
    "number": Signature(_TEXT_OR_NUMBER, _NUMBER),
    "flatten": Signature(_OBJECT_OR_LIST, keeps=True),
    "compact": Signature(keeps=True),
    "keys": Signature(OBJECT, LIST),
    "values": Signature(OBJECT, LIST),
    "shift": Signature(_NUMBER, _NUMBER),
    "replace": Signature(TEXT, TEXT),
    "query": Signature(TEXT, OBJECT),
}
"""A function that is left out takes and gives anything."""

_NOTATIONS = {"s": _TEXT_OR_NUMBER, "ms": _TEXT_OR_NUMBER, "epoch": _NUMBER}
"""What `time` takes; other notations are of text."""

_NAMES = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def names_of(types: Types) -> str:
    """Name types for people."""
    return " or ".join(_NAMES[name] for name in _NAMES if types and name in types)


def function_name(call: Any) -> str:
    """Return the name of a function as `apply` calls it."""
    return str(next(iter(call)) if isinstance(call, dict) else call)


def signatures(row: dict[str, Any], steps: Steps) -> Iterator[tuple[Steps, str, Signature]]:
    """List what a row as written does with its value, in order: the place, the name and the signature."""
    for key, signature in (
        ("omit", Signature(_OBJECT_OR_LIST, keeps=True)),
        ("pick", Signature(_OBJECT_OR_LIST, keeps=True)),
        ("each", Signature(LIST, LIST)),
    ):
        if key in row:
            yield (*steps, key), key, signature
    calls = row.get("apply", [])
    for index, call in enumerate(calls if isinstance(calls, list) else [calls]):
        place = (*steps, "apply", index) if isinstance(calls, list) else (*steps, "apply")
        yield place, function_name(call), _signature(call)
    if "lookup" in row:
        yield (*steps, "lookup"), "lookup", Signature(_TEXT_OR_NUMBER)


def _signature(call: Any) -> Signature:
    name, argument = next(iter(call.items())) if isinstance(call, dict) else (call, None)
    if name == "time":
        return Signature(_NOTATIONS.get(str(argument), TEXT), TEXT)
    if name == "pairs":
        return Signature(OBJECT, LIST) if argument is None else Signature(LIST, OBJECT)
    return _FUNCTIONS.get(name, Signature())
