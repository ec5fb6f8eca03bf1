"""Measures how deep JSON is nested from its bytes, in a fraction of the time that decoding takes."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import msgspec

MAX_DEPTH = 200
"""Levels of nesting accepted. Common serialisers write no more than about this (orjson: 254)."""

_ESCAPED = b'"\\/bfnrtu'
"""What may follow a backslash in JSON."""
_NEITHER_BRACKET_NOR_ESCAPED = bytes(byte for byte in range(256) if byte not in b"[]{}" + _ESCAPED)
_NEITHER_BRACKET_NOR_QUOTE = _ESCAPED.replace(b'"', b"")
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_STEPS = bytes.maketrans(b"[]", b"\x01\xff")
"""Brackets as signed bytes, whose running sum is the depth."""
_PASSES = 16
"""Levels removed one by one, which is fastest where few are nested; any more are summed up."""
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_MAX_ELEMENTS = 10_000
"""Elements of the longest list that is split: more would take much memory."""


def is_too_deep(data: bytes, value: Any) -> bool:
    """Whether JSON is nested deeper than `MAX_DEPTH`, given the value it was decoded to.

    The elements of a list are measured one by one, since few have brackets enough to be measured at all.
    """
    if not _opens_more_than(MAX_DEPTH, data):
        return False
    if value.__class__ is not list or len(value) > _MAX_ELEMENTS:
        return _is_deeper_than(MAX_DEPTH, data)
    below = MAX_DEPTH - 1
    try:
        elements = map(bytes, _split(data))
    except RecursionError:  # from here one call fewer fits on the stack than where the value was decoded
        return True
    return any(_opens_more_than(below, element) and _is_deeper_than(below, element) for element in elements)


def may_be_too_deep(data: bytes) -> bool:
    """Whether bytes that may not be JSON are nested deeper than `MAX_DEPTH`. This is slower by far."""
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(data):
        first = data[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif first in b"]}":
            depth -= 1
    return False


def _opens_more_than(limit: int, data: bytes) -> bool:
    """Whether there are more opening brackets, in texts or not; removing that many is the fastest count."""
    without = data.replace(b"{", b"", limit + 1).replace(b"[", b"", limit + 1)
    return len(data) - len(without) > limit


def _is_deeper_than(limit: int, data: bytes) -> bool:
    """Whether JSON is nested deeper than `limit`, which is more than `_PASSES`."""
    structure = data.translate(_BRACES_AS_BRACKETS, _NEITHER_BRACKET_NOR_ESCAPED)
    structure = structure.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NEITHER_BRACKET_NOR_QUOTE)
    structure = b"".join(structure.replace(b'""', b"").split(b'"')[::2])  # every second part is inside a text
    for _ in range(_PASSES):
        if not structure:
            return False
        structure = structure.replace(b"[]", b"")
    depths = accumulate(memoryview(structure.translate(_STEPS)).cast("b"))
    return max(depths, default=0) > limit - _PASSES
