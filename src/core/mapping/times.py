"""The function `time`: turns points in time of any notation into ISO 8601 in UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ..errors import InvalidArgument
from .convert import number

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MILLISECONDS = 10**11
"""From here on a number is read as milliseconds: as seconds it would be after the year 5000."""

_DIGITS_OF_A_DATE = len("20240315")


def time_function(argument: Any) -> Callable[[Any], str | None]:
    """Make `time` for one notation: `s`, `ms`, `epoch`, `iso` (if none is given) or a strptime pattern.

    Raises:
        InvalidArgument: it is none of these.
    """
    read = _reader("iso" if argument is None else argument)

    def time(value: Any) -> str | None:
        try:
            when = read(value)
            return None if when is None else format_time(when)
        except (ValueError, OverflowError):  # not a time, or in UTC beyond the years that there are
            return None

    return time


def _reader(notation: Any) -> Callable[[Any], datetime | None]:
    if notation == "s":
        return lambda value: _from_epoch(value, 1000)
    if notation == "ms":
        return lambda value: _from_epoch(value, 1)
    if notation == "epoch":
        return _from_epoch_of_either_unit
    if notation == "iso":
        return _from_iso
    if not isinstance(notation, str) or "%" not in notation:
        raise InvalidArgument(
            'time takes "s", "ms", "epoch", "iso" or a strptime pattern such as "%d/%m/%Y %H:%M"'
        )
    _check_pattern(notation)
    return lambda value: datetime.strptime(value, notation) if isinstance(value, str) else None  # noqa: DTZ007 - UTC then


def _check_pattern(pattern: str) -> None:
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007 - only whether it is a pattern
    except re.error:
        raise InvalidArgument(f"{pattern!r} has a directive twice") from None
    except ValueError as error:
        if "directive" in str(error) or "stray" in str(error):
            raise InvalidArgument(f"{pattern!r} is not a strptime pattern: {error}") from None


def _from_epoch(value: Any, milliseconds_per_unit: int) -> datetime | None:
    amount = number(value)
    if amount is None:
        return None
    return _EPOCH + timedelta(milliseconds=round(amount * milliseconds_per_unit))


def _from_epoch_of_either_unit(value: Any) -> datetime | None:
    """Read a number, never text: `20240315` is more likely a date than a number of seconds."""
    if isinstance(value, str) or (amount := number(value)) is None:
        return None
    return _from_epoch(amount, 1 if abs(amount) >= _FIRST_MILLISECONDS else 1000)


def _from_iso(value: Any) -> datetime | None:
    """Read ISO 8601, but no text of digits except a date: of `1710123112345` Python makes a day in 1710."""
    if not isinstance(value, str) or (len(value) != _DIGITS_OF_A_DATE and value.isdigit()):
        return None
    return datetime.fromisoformat(value.upper())


def format_time(when: datetime) -> str:
    """Write a time as RFC 3339 does, in UTC, in milliseconds; msgspec is far faster than `isoformat`."""
    utc = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    seconds, _, fraction = str(msgspec.to_builtins(utc))[:-1].partition(".")
    return f"{seconds}.{fraction[:3] or '000'}Z"
