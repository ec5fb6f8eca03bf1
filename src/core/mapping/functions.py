"""The functions of `apply`. Each takes a value and returns one, or None if the value does not fit.

No function coerces silently: `lower` of a number gives None, not a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import UnionType
from typing import Any, TypeAlias

from ..errors import InvalidArgument, InvalidRegex
from ..ids import Namespace, is_blank
from .capture import compile_capture
from .convert import compact, flatten, number, parse_or_encode, query, shift, text
from .times import time_function

Function: TypeAlias = Callable[[Any], Any]

_MAX_SHIFT = 20
"""Places by which `shift` moves at most: the smallest unit of any currency is the 18th decimal of ether."""

MakeFunction: TypeAlias = Callable[[Any, Namespace], Function]
"""Makes a function from its argument (None if none is written). Raises `InvalidArgument`."""


def _uuid(argument: Any, namespace: Namespace) -> Function:
    _check_no_argument("uuid", argument)

    def uuid(value: Any) -> str | None:
        name = text(value)
        return None if name is None else namespace.uuid(name)

    return uuid


def _digest(algorithm: str) -> MakeFunction:
    def digest(value: Any) -> str | None:
        plain = text(value)
        if plain is None:
            return None
        return hashlib.new(algorithm, plain.encode(), usedforsecurity=False).hexdigest()

    return _without_argument(algorithm, digest)


def _without_argument(name: str, function: Function, takes: type | UnionType | None = None) -> MakeFunction:
    def make(argument: Any, _: Namespace) -> Function:
        _check_no_argument(name, argument)
        if takes is None:
            return function
        return lambda value: function(value) if isinstance(value, takes) else None

    return make


def _split(argument: Any, _: Namespace) -> Function:
    if not isinstance(argument, str) or not argument:
        raise InvalidArgument('split takes the separator: {"split": ","}')
    return lambda value: value.split(argument) if isinstance(value, str) else None


def _join(argument: Any, _: Namespace) -> Function:
    if not isinstance(argument, str):
        raise InvalidArgument('join takes the separator: {"join": ", "}')

    def join(value: Any) -> str | None:
        if not isinstance(value, list):
            return None
        parts = [part for part in map(text, value) if part is not None]
        return argument.join(parts) if len(parts) == len(value) else None

    return join


def _at(argument: Any, _: Namespace) -> Function:
    if not _is_integer(argument):
        raise InvalidArgument('at takes an index, counted from 0, or from the end below 0: {"at": -1}')

    def at(value: Any) -> Any:
        exists = isinstance(value, list) and -len(value) <= argument < len(value)
        return value[argument] if exists else None

    return at


def _slice(argument: Any, _: Namespace) -> Function:
    ends = argument if isinstance(argument, list) else [argument]
    valid = all(end is None or _is_integer(end) for end in ends)
    if argument is None or not valid or len(ends) not in (1, 2):
        raise InvalidArgument('slice takes a start, or a start and an end: {"slice": 1} or {"slice": [0, 8]}')
    part = slice(ends[0], ends[1] if len(ends) > 1 else None)
    return lambda value: value[part] if isinstance(value, str | list) else None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _capture(argument: Any, _: Namespace) -> Function:
    if not isinstance(argument, str):
        raise InvalidArgument('capture takes an expression with one group: {"capture": "/orders/([0-9]+)"}')
    try:
        capture = compile_capture(argument)
    except InvalidRegex as error:
        raise InvalidArgument(str(error)) from None
    return lambda value: capture(value) if isinstance(value, str) else None


def _replace(argument: Any, _: Namespace) -> Function:
    if not _are_two_texts(argument) or not argument[0]:
        raise InvalidArgument('replace takes a text, and the text to put in its place: {"replace": ["-", ""]}')
    old, new = argument
    return lambda value: value.replace(old, new) if isinstance(value, str) else None


def _shift(argument: Any, _: Namespace) -> Function:
    if not _is_integer(argument) or abs(argument) > _MAX_SHIFT:
        raise InvalidArgument(
            f"shift takes by how many places the decimal point moves to the right, from -{_MAX_SHIFT} to"
            f' {_MAX_SHIFT}: {{"shift": -2}} makes 19.99 of 1999'
        )
    return lambda value: shift(value, argument)


def _are_two_texts(argument: Any) -> bool:
    return isinstance(argument, list) and [*map(type, argument)] == [str, str]


def _nonblank(value: Any) -> Any:
    return None if isinstance(value, str) and is_blank(value) else value


def _flatten(argument: Any, _: Namespace) -> Function:
    separator = "." if argument is None else argument
    if not isinstance(separator, str):
        raise InvalidArgument('flatten takes a separator, or nothing for ".": {"flatten": "_"}')
    return lambda value: flatten(value, separator)


def _pairs(argument: Any, _: Namespace) -> Function:
    if argument is None:
        return lambda value: [[*pair] for pair in value.items()] if isinstance(value, dict) else None
    if not _are_two_texts(argument):
        raise InvalidArgument(
            'pairs takes nothing, or the names of key and value: {"pairs": ["name", "value"]}'
        )
    key_name, value_name = argument

    def pairs(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, list):
            return None
        objects = [element for element in value if isinstance(element, dict)]
        keyed = [(text(element.get(key_name)), element.get(value_name)) for element in objects]
        return {key: content for key, content in keyed if key is not None}

    return pairs


def _check_no_argument(name: str, argument: Any) -> None:
    if argument is not None:
        raise InvalidArgument(f'{name} takes no argument: write "{name}"')


FUNCTIONS: dict[str, MakeFunction] = {
    "time": lambda argument, _: time_function(argument),
    "uuid": _uuid,
    "md5": _digest("md5"),
    "sha256": _digest("sha256"),
    "lower": _without_argument("lower", str.lower, str),
    "upper": _without_argument("upper", str.upper, str),
    "title": _without_argument("title", str.title, str),
    "split": _split,
    "join": _join,
    "at": _at,
    "slice": _slice,
    "capture": _capture,
    "replace": _replace,
    "nonblank": _without_argument("nonblank", _nonblank),
    "string": _without_argument("string", text),
    "number": _without_argument("number", number),
    "shift": _shift,
    "query": _without_argument("query", query),
    "json": _without_argument("json", parse_or_encode),
    "flatten": _flatten,
    "compact": _without_argument("compact", compact, dict | list),
    "keys": _without_argument("keys", list, dict),
    "values": _without_argument("values", lambda value: list(value.values()), dict),
    "pairs": _pairs,
}
