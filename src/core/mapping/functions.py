"""The functions of `apply`: each takes a value, and gives a value or None where it does not fit.

A function never coerces in silence: `lower` of a number is no value, not a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from ..codec import encode, parse
from ..expression import ExpressionError, expression
from ..ids import Namespace
from .convert import compact, flatten, number, text

Apply: TypeAlias = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ArgumentError(ValueError):
    """A function was given an argument it does not take; the message says which it takes."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function an author may name: one line for the docs, and how its argument becomes a callable.

    `make(argument, namespace)` raises `ArgumentError`; `argument` is None where none was written.
    """

    summary: str
    make: Callable[[Any, Namespace], Apply]


def _moment(when: datetime) -> str:
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _epoch(value: Any, milliseconds_per_unit: int) -> str | None:
    amount = number(value)
    if amount is None:
        return None
    return _moment(_EPOCH + timedelta(milliseconds=round(amount * milliseconds_per_unit)))


def _time(argument: Any, _: Namespace) -> Apply:
    form = "iso" if argument is None else argument
    forms: dict[Any, Apply] = {
        "s": lambda value: _epoch(value, 1000),
        "ms": lambda value: _epoch(value, 1),
        "iso": lambda value: _moment(datetime.fromisoformat(value)) if isinstance(value, str) else None,
    }
    if isinstance(form, str) and "%" in form:
        forms[form] = lambda value: (
            _moment(datetime.strptime(value, form)) if isinstance(value, str) else None  # noqa: DTZ007 - UTC then
        )
    if not isinstance(form, str) or form not in forms:
        raise ArgumentError('time takes "s", "ms", "iso" or a strptime pattern such as "%d/%m/%Y %H:%M"')
    read = forms[form]

    def time(value: Any) -> Any:
        try:
            return read(value)
        except (ValueError, OverflowError):
            return None

    return time


def _uuid(argument: Any, namespace: Namespace) -> Apply:
    _no_argument("uuid", argument)

    def uuid(value: Any) -> str | None:
        name = text(value)
        return None if name is None else namespace.uuid(name)

    return uuid


def _digest(algorithm: str) -> Callable[[Any, Namespace], Apply]:
    def make(argument: Any, _: Namespace) -> Apply:
        _no_argument(algorithm, argument)

        def digest(value: Any) -> str | None:
            plain = text(value)
            if plain is None:
                return None
            return hashlib.new(algorithm, plain.encode(), usedforsecurity=False).hexdigest()

        return digest

    return make


def _plain(name: str, function: Apply, takes: type | None = None) -> Callable[[Any, Namespace], Apply]:
    def make(argument: Any, _: Namespace) -> Apply:
        _no_argument(name, argument)
        if takes is None:
            return function
        return lambda value: function(value) if isinstance(value, takes) else None

    return make


def _split(argument: Any, _: Namespace) -> Apply:
    if not isinstance(argument, str) or not argument:
        raise ArgumentError('split takes the separator: {"split": ","}')
    return lambda value: value.split(argument) if isinstance(value, str) else None


def _join(argument: Any, _: Namespace) -> Apply:
    if not isinstance(argument, str):
        raise ArgumentError('join takes the separator: {"join": ", "}')

    def join(value: Any) -> str | None:
        if not isinstance(value, list):
            return None
        parts = [part for part in map(text, value) if part is not None]
        return argument.join(parts) if len(parts) == len(value) else None

    return join


def _at(argument: Any, _: Namespace) -> Apply:
    if not isinstance(argument, int) or isinstance(argument, bool):
        raise ArgumentError('at takes a position, counted from 0, or from the end below 0: {"at": -1}')

    def at(value: Any) -> Any:
        inside = isinstance(value, list) and -len(value) <= argument < len(value)
        return value[argument] if inside else None

    return at


def _slice(argument: Any, _: Namespace) -> Apply:
    ends = argument if isinstance(argument, list) else [argument]
    whole = all(end is None or (isinstance(end, int) and not isinstance(end, bool)) for end in ends)
    if argument is None or not whole or len(ends) not in (1, 2):
        raise ArgumentError('slice takes a start, or a start and an end: {"slice": 1} or {"slice": [0, 8]}')
    span = slice(ends[0], ends[1] if len(ends) > 1 else None)
    return lambda value: value[span] if isinstance(value, str | list) else None


def _capture(argument: Any, _: Namespace) -> Apply:
    if not isinstance(argument, str):
        raise ArgumentError('capture takes an expression with one group: {"capture": "/orders/([0-9]+)"}')
    try:
        compiled = expression(argument)
    except ExpressionError as error:
        raise ArgumentError(str(error)) from None
    if compiled.groups > 1:
        raise ArgumentError("capture takes one group: write (?:...) for the groups that are not captured")

    def capture(value: Any) -> Any:
        found = compiled.search(value) if isinstance(value, str) else None
        return found.group(compiled.groups) if found else None

    return capture


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return encode(value).decode()
    try:
        return parse(value.encode())
    except ValueError:
        return None


def _flatten(argument: Any, _: Namespace) -> Apply:
    separator = "." if argument is None else argument
    if not isinstance(separator, str):
        raise ArgumentError('flatten takes a separator, or nothing for ".": {"flatten": "_"}')
    return lambda value: flatten(value, separator)


def _pairs(argument: Any, _: Namespace) -> Apply:
    if argument is None:
        return lambda value: (
            [[key, member] for key, member in value.items()] if isinstance(value, dict) else None
        )
    if not (isinstance(argument, list) and len(argument) == 2 and all(isinstance(x, str) for x in argument)):  # noqa: PLR2004 - a pair
        raise ArgumentError('pairs takes nothing, or the names of key and value: {"pairs": ["name", "value"]}')
    name, content = argument

    def pairs(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, list):
            return None
        members = [
            member for member in value if isinstance(member, dict) and text(member.get(name)) is not None
        ]
        return {str(text(member[name])): member.get(content) for member in members}

    return pairs


def _no_argument(name: str, argument: Any) -> None:
    if argument is not None:
        raise ArgumentError(f'{name} takes no argument: write "{name}"')


FUNCTIONS: dict[str, Function] = {
    "time": Function('ISO 8601 in UTC, from "s", "ms", "iso" or a strptime pattern', _time),
    "uuid": Function("UUIDv5 of a scalar in the source's namespace", _uuid),
    "md5": Function("MD5 of a scalar's text, in hexadecimal", _digest("md5")),
    "sha256": Function("SHA-256 of a scalar's text, in hexadecimal", _digest("sha256")),
    "lower": Function("text in lower case", _plain("lower", str.lower, str)),
    "upper": Function("text in upper case", _plain("upper", str.upper, str)),
    "title": Function("text with each word capitalised", _plain("title", str.title, str)),
    "split": Function("text cut at a separator into a list", _split),
    "join": Function("a list of scalars joined to text", _join),
    "at": Function("the element of a list at a position", _at),
    "slice": Function("part of a text or list", _slice),
    "capture": Function("the one group of an RE2 expression, or the whole match where it has none", _capture),
    "string": Function("a scalar as text", _plain("string", text)),
    "number": Function("text that is a JSON number, as a number", _plain("number", number)),
    "json": Function("JSON text as the value it holds; any other value as JSON text", _plain("json", _json)),
    "flatten": Function("a nested object on one level; a list of lists as one list", _flatten),
    "compact": Function("an object or list without its own nulls", _plain("compact", compact)),
    "keys": Function("the keys of an object", _plain("keys", list, dict)),
    "values": Function("the values of an object", _plain("values", lambda value: list(value.values()), dict)),
    "pairs": Function("an object as [key, value] pairs; a list of named pairs as an object", _pairs),
}
