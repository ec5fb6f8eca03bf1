"""The functions of `apply`: each takes a value, and gives a value or None where it does not fit.

A function never coerces in silence: `lower` of a number is no value, not a guess.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from ..codec import encode, parse
from ..ids import Namespace
from ..regex import ExpressionError, expression
from .convert import compact, flatten, number, text

Apply: TypeAlias = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ArgumentError(ValueError):
    """A function was given an argument it does not take; the message says which it takes."""


Make: TypeAlias = Callable[[Any, Namespace], Apply]
"""Makes a function ready to call from its argument (None where none was written); raises `ArgumentError`."""


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
        _check_format(form)
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


def _check_format(form: str) -> None:
    try:
        datetime.strptime("", form)  # noqa: DTZ007 - only whether the pattern is one
    except re.error:
        raise ArgumentError(f"{form!r} has a directive twice") from None
    except ValueError as error:
        if "directive" in str(error) or "stray" in str(error):
            raise ArgumentError(f"{form!r} is no strptime pattern: {error}") from None


def _uuid(argument: Any, namespace: Namespace) -> Apply:
    _no_argument("uuid", argument)

    def uuid(value: Any) -> str | None:
        name = text(value)
        return None if name is None else namespace.uuid(name)

    return uuid


def _digest(algorithm: str) -> Make:
    def make(argument: Any, _: Namespace) -> Apply:
        _no_argument(algorithm, argument)

        def digest(value: Any) -> str | None:
            plain = text(value)
            if plain is None:
                return None
            return hashlib.new(algorithm, plain.encode(), usedforsecurity=False).hexdigest()

        return digest

    return make


def _plain(name: str, function: Apply, takes: type | None = None) -> Make:
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


FUNCTIONS: dict[str, Make] = {
    "time": _time,
    "uuid": _uuid,
    "md5": _digest("md5"),
    "sha256": _digest("sha256"),
    "lower": _plain("lower", str.lower, str),
    "upper": _plain("upper", str.upper, str),
    "title": _plain("title", str.title, str),
    "split": _split,
    "join": _join,
    "at": _at,
    "slice": _slice,
    "capture": _capture,
    "string": _plain("string", text),
    "number": _plain("number", number),
    "json": _plain("json", _json),
    "flatten": _flatten,
    "compact": _plain("compact", compact),
    "keys": _plain("keys", list, dict),
    "values": _plain("values", lambda value: list(value.values()), dict),
    "pairs": _pairs,
}
