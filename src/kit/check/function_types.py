"""Which types each function of `apply` takes, and which it gives."""

from __future__ import annotations

from typing import Any

from .shape import Types

_TEXT = frozenset({"string"})
_SCALAR = frozenset({"string", "number", "boolean"})
_LIST = frozenset({"array"})
_OBJECT = frozenset({"object"})
_TEXT_OR_LIST = _TEXT | _LIST
_NUMBER = frozenset({"number"})

_SIGNATURES: dict[str, tuple[Types, Types]] = {
    "uuid": (_SCALAR, _TEXT),
    "md5": (_SCALAR, _TEXT),
    "sha256": (_SCALAR, _TEXT),
    "lower": (_TEXT, _TEXT),
    "upper": (_TEXT, _TEXT),
    "title": (_TEXT, _TEXT),
    "split": (_TEXT, _LIST),
    "join": (_LIST, _TEXT),
    "at": (_LIST, None),
    "slice": (_TEXT_OR_LIST, _TEXT_OR_LIST),
    "capture": (_TEXT, _TEXT),
    "string": (_SCALAR, _TEXT),
    "number": (_TEXT | _NUMBER, _NUMBER),
    "flatten": (_OBJECT | _LIST, _OBJECT | _LIST),
    "compact": (_OBJECT | _LIST, _OBJECT | _LIST),
    "keys": (_OBJECT, _LIST),
    "values": (_OBJECT, _LIST),
    "replace": (_TEXT, _TEXT),
    "query": (_TEXT, _OBJECT),
}
"""What a function takes and gives; a function that is left out takes anything and gives anything."""

_NAMES = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def signature(call: Any) -> tuple[str, Types, Types]:
    """Return the name of a function as it is called, what it takes and what it gives."""
    name, argument = next(iter(call.items())) if isinstance(call, dict) else (call, None)
    if name == "time":
        return name, _NUMBER | _TEXT if argument in ("s", "ms") else _of_time(argument), _TEXT
    if name == "pairs":
        return (name, _OBJECT, _LIST) if argument is None else (name, _LIST, _OBJECT)
    takes, gives = _SIGNATURES.get(name, (None, None))
    return name, takes, gives


def names_of(types: Types) -> str:
    """Name types for people."""
    return " or ".join(_NAMES[name] for name in _NAMES if types and name in types)


def _of_time(notation: Any) -> Types:
    return _NUMBER if notation == "epoch" else _TEXT
