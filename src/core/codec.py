"""Parses and serialises JSON so that every number and text survives.

What `parse` returns can be given to any serialiser: no number is beyond float64, no text holds half a surrogate
pair, and nothing is nested deeper than `MAX_DEPTH`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, TypeAlias

import msgspec

from .depth import MAX_DEPTH, is_too_deep, may_be_too_deep
from .errors import InvalidJson

Object: TypeAlias = dict[str, Any]
"""A JSON object. Objects and lists are exactly `dict` and `list`, never subclasses of them."""

_encoder = msgspec.json.Encoder()
encode: Callable[[Any], bytes] = _encoder.encode
"""Serialise a JSON value as UTF-8 bytes."""

encode_into = _encoder.encode_into
"""Serialise into a bytearray from an offset on, replacing everything after it."""

encode_sorted: Callable[[Any], bytes] = msgspec.json.Encoder(order="deterministic").encode
"""Serialise with sorted keys, so that equal values give equal bytes."""

_decode = msgspec.json.Decoder().decode


def _plain_json(levels: int) -> Any:
    """The type of JSON with at most so many levels of nesting, and integers of 64 bits."""
    scalar: Any = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | float | str | bool | None
    type_ = scalar
    for _ in range(levels):
        type_ = scalar | list[type_] | dict[str, type_]  # type: ignore[valid-type] # it is made here
    return type_


_decode_plain = msgspec.json.Decoder(_plain_json(9)).decode
"""Decode what needs no further check, as nearly every body. Each level more doubles the time to make this."""

# A number of 309 digits or more may be beyond float64. So long a run of digits holds at least 309 // 44 = 7 of
# every 44th character of the body in a row: looking at those alone is a fortieth of the work.
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{309}")
_STRIDE = 44
_DIGITS_AS_ZERO = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_ZEROS_IN_A_ROW = b"0" * 7

_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(data: bytes) -> Any:
    """Parse JSON (UTF-8, RFC 8259).

    Integers are exact. A number beyond float64 (`1e400`, 309 digits) becomes its text as sent. A lone surrogate
    becomes U+FFFD. The last of duplicate keys wins.

    Raises:
        InvalidJson: rule `json/syntax`, `json/utf-8` or `json/depth`.
    """
    try:
        return _decode_plain(data)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return _parse_unusual(data)


def _parse_unusual(data: bytes) -> Any:
    """Parse JSON with large numbers or many levels, or what is not JSON."""
    try:
        value = _decode(data)
    except (ValueError, RecursionError):
        return _parse_carefully(data)
    if data[::_STRIDE].translate(_DIGITS_AS_ZERO).find(_ZEROS_IN_A_ROW) >= 0 and _LONG_NUMBER.search(data):
        return _parse_carefully(data)
    if is_too_deep(data):
        raise _too_deep()
    return value


def _too_deep() -> InvalidJson:
    return InvalidJson("json/depth", f"nested deeper than {MAX_DEPTH} levels")


def _parse_carefully(data: bytes) -> Any:
    """Parse with the standard library, for the one body in a thousand that needs a decision."""
    if may_be_too_deep(data):
        raise _too_deep()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidJson("json/utf-8", f"byte {error.start} is not UTF-8") from None
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_reject_constant)
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg[0].lower()}{error.msg[1:]} (line {error.lineno}, column {error.colno})"
        raise InvalidJson("json/syntax", reason) from None
    return _without_surrogates(value) if "\\u" in text else value


def _integer(digits: str) -> int | str:
    return int(digits) if math.isfinite(float(digits)) else digits


def _real(digits: str) -> float | str:
    real = float(digits)
    return real if math.isfinite(real) else digits


def _reject_constant(name: str) -> NoReturn:
    raise InvalidJson("json/syntax", f"not JSON: {name} is not a JSON number")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(element) for element in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(member) for key, member in value.items()}
    return value
