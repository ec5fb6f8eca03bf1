"""Measures how deep JSON is nested from its bytes, in a fraction of the time that decoding takes."""

from __future__ import annotations

import re
from itertools import accumulate

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


def is_too_deep(data: bytes) -> bool:
    """Whether JSON is nested deeper than `MAX_DEPTH`."""
    if not _has_enough_brackets(data):
        return False
    structure = data.translate(_BRACES_AS_BRACKETS, _NEITHER_BRACKET_NOR_ESCAPED)
    structure = structure.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NEITHER_BRACKET_NOR_QUOTE)
    structure = b"".join(structure.replace(b'""', b"").split(b'"')[::2])  # every second part is inside a text
    for _ in range(_PASSES):
        if not structure:
            return False
        structure = structure.replace(b"[]", b"")
    depths = accumulate(memoryview(structure.translate(_STEPS)).cast("b"))
    return max(depths, default=0) > MAX_DEPTH - _PASSES


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


def _has_enough_brackets(data: bytes) -> bool:
    """Whether more than `MAX_DEPTH` brackets open, in texts or not; removing that many counts fastest."""
    without = data.replace(b"{", b"", MAX_DEPTH + 1).replace(b"[", b"", MAX_DEPTH + 1)
    return len(data) - len(without) > MAX_DEPTH
