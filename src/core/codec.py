"""The one JSON codec: bytes to value and back, and what a JSON value is here.

What comes out of `parse` always goes back through `encode`, in any serialiser: no number is beyond float64,
no text holds half a surrogate pair, nothing is nested deeper than `DEPTH`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, TypeAlias

import msgspec

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""A JSON value as Python holds it. Containers are exactly `dict` and `list`, never subclasses."""

Object: TypeAlias = dict[str, Any]
"""A JSON object."""

DEPTH = 200
"""Levels of nesting taken, the most that common serialisers give back (orjson: 254)."""

_encoder = msgspec.json.Encoder()
encode = _encoder.encode
"""A JSON value as UTF-8 bytes."""

encode_into = _encoder.encode_into
"""The same, written into a bytearray from an offset on; what stood there is gone."""

encode_sorted = msgspec.json.Encoder(order="deterministic").encode
"""The same, with members in the order of their keys: equal values, equal bytes."""

_decode = msgspec.json.Decoder().decode

# A number of 309 digits or more may be beyond float64. So long a run of digits holds at least 309 // 44 = 7 of
# every 44th character of the body in a row: looking at those alone is a fortieth of the work.
_LONG = re.compile(rb"[0-9]{309}")
_STRIDE, _IN_A_ROW = 44, b"0" * 7
_AS_ZERO = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))

_MANY = 1 << 15
"""Bytes past which a body has so many brackets that counting them decides nothing."""
_NO_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'[]{}"\\')
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class Undecodable(ValueError):  # noqa: N818 - what the bytes are, not what went wrong here
    """Bytes that are not JSON, or JSON past a limit: `rule` names which, the message says where."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


def parse(data: bytes) -> Any:
    """The JSON value in `data` (UTF-8, RFC 8259), every number and text unharmed.

    Integers are exact. A number beyond float64 (`1e400`, 309 digits) becomes its text as sent. A lone surrogate
    becomes U+FFFD, as everywhere that text is UTF-8. Of duplicate keys the last wins.

    Raises:
        Undecodable: rule `json/syntax`, `json/utf-8` or `json/depth`.
    """
    try:
        value = _decode(data)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return _parse_carefully(data)
    if data[::_STRIDE].translate(_AS_ZERO).find(_IN_A_ROW) >= 0 and _LONG.search(data):
        return _parse_carefully(data)
    if _may_be_deep(data) and _too_deep(data):
        raise Undecodable("json/depth", f"nested deeper than {DEPTH} levels")
    return value


def _may_be_deep(data: bytes) -> bool:
    """Whether enough brackets open for more than `DEPTH` levels. Taking a few out is the quickest count."""
    taken = data.replace(b"{", b"", DEPTH + 1).replace(b"[", b"", DEPTH + 1) if len(data) <= _MANY else b""
    return len(data) - len(taken) > DEPTH


def _too_deep(data: bytes) -> bool:
    """Whether valid JSON is nested deeper than `DEPTH`.

    Where no text holds a bracket, quotes stand in pairs once all else is taken away. What is left then is the
    structure, and each pass takes its innermost level away.
    """
    structure = data.translate(_AS_SQUARE, _NO_STRUCTURE).replace(b'""', b"")
    if b'"' in structure or b"\\" in structure:
        return _too_deep_by_token(data)
    for _ in range(DEPTH):
        structure = structure.replace(b"[]", b"")
        if not structure:
            return False
    return True


def _too_deep_by_token(data: bytes) -> bool:
    depth = 0
    for token in _TOKEN.finditer(data):
        first = data[token.start()]
        if first in b"[{":
            depth += 1
            if depth > DEPTH:
                return True
        elif first in b"]}":
            depth -= 1
    return False


def _parse_carefully(data: bytes) -> Any:
    """What `parse` says, by the standard library: for the one body in a thousand that needs a decision."""
    if _too_deep_by_token(data):
        raise Undecodable("json/depth", f"nested deeper than {DEPTH} levels")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Undecodable("json/utf-8", f"byte {error.start} is not UTF-8") from None
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg[0].lower()}{error.msg[1:]} (line {error.lineno}, column {error.colno})"
        raise Undecodable("json/syntax", reason) from None
    return _whole_text(value) if "\\u" in text else value


def _integer(digits: str) -> int | str:
    return int(digits) if math.isfinite(float(digits)) else digits


def _real(digits: str) -> float | str:
    real = float(digits)
    return real if math.isfinite(real) else digits


def _no_constant(name: str) -> NoReturn:
    raise Undecodable("json/syntax", f"not JSON: {name} is no JSON number")


def _whole_text(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_text(element) for element in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(member) for key, member in value.items()}
    return value


def copied(value: Any) -> Any:
    """The same JSON value, sharing no container with `value`."""
    if isinstance(value, dict):
        return {key: copied(member) for key, member in value.items()}
    if isinstance(value, list):
        return [copied(element) for element in value]
    return value


def same(left: Any, right: Any) -> bool:
    """JSON equality of a value with a scalar: `true` is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def kind(value: Any) -> str:
    """What a person calls this kind of value: `text`, `a number`, `an object`, `null`, ..."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text" if value else "empty text"
    if isinstance(value, int | float):
        return "a number"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "no JSON"


def pointer(*steps: str | int) -> str:
    """The JSON Pointer (RFC 6901) of these steps; no steps is the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
