"""Splits the text of a JSON array into the texts of its elements, without decoding them.

So an array larger than memory can be streamed, and an element that cannot be decoded does not affect the
others. A streaming JSON parser would treat numbers and text its own way; here every element goes to `parse`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice


def _up_to(stops: bytes) -> re.Pattern[bytes]:
    """Match everything up to and including the first of these characters outside quotes."""
    return re.compile(rb'(?:[^"%b]++|"(?:[^"\\]++|\\.)*+")*+[%b]' % (stops, stops), re.DOTALL)


_BRACKET = _up_to(rb"\[\]{}")
_BRACKET_OR_COMMA = _up_to(rb"\[\]{},")
_OPENING, _CLOSING, _COMMA = b"[{", b"]}", ord(",")


class ArraySplitter:
    """Iterates over the elements of the array that `chunks` begins with, as they become complete.

    When the iteration ends, `closed` tells whether the array did, and `rest` holds the text behind its last
    element: what follows the array, or the element that was cut off.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.closed = False
        self.rest = b""
        self._chunks = iter(chunks)

    def __iter__(self) -> Iterator[bytes]:
        start = offset = depth = 0  # `start` of the current element; `offset` up to which `depth` is counted
        for chunk in self._chunks:
            self.rest = self.rest[start:] + chunk
            offset -= start
            start = 0
            while stop := (_BRACKET_OR_COMMA if depth == 1 else _BRACKET).match(self.rest, offset):
                offset = stop.end()
                character = self.rest[offset - 1]
                if character in _OPENING:
                    depth += 1
                    start = offset if depth == 1 else start
                elif depth > 1:
                    depth -= 1
                else:
                    element = self.rest[start : offset - 1].strip()
                    start = offset
                    if element or character == _COMMA:
                        yield element
                    if character in _CLOSING:
                        self.closed, self.rest = True, self.rest[offset:]
                        return
        self.rest = self.rest[start:]


def split_array(body: bytes, limit: int) -> list[bytes]:
    """Split a body that is one array of at most `limit` elements and nothing else; `[]` if it is not."""
    if not body.startswith(b"["):
        return []
    splitter = ArraySplitter([body])
    elements = list(islice(splitter, limit + 1))
    return elements if splitter.closed and not splitter.rest.strip() else []


def first_element(body: bytes) -> bytes:
    """Return the first element of a body that begins as an array; empty if it has none."""
    array = body.lstrip(b" \t\r\n")
    return next(iter(ArraySplitter([array])), b"") if array.startswith(b"[") else b""
