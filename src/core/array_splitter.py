"""Splitting: the text of a JSON list in, the texts of its elements out, without decoding them.

So a list larger than memory streams, and one element that does not decode costs no other. A JSON parser that
streams would do, but its own idea of numbers and text would be a second one: each element goes to `parse`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice


def _up_to(stops: bytes) -> re.Pattern[bytes]:
    """What matches everything up to and including the first of these that stands in no text."""
    return re.compile(rb'(?:[^"%b]++|"(?:[^"\\]++|\\.)*+")*+[%b]' % (stops, stops), re.DOTALL)


_BRACKET = _up_to(rb"\[\]{}")
_BRACKET_OR_COMMA = _up_to(rb"\[\]{},")
_OPEN, _CLOSE, _COMMA = b"[{", b"]}", ord(",")


class ArraySplitter:
    """The elements of the list that `chunks` starts with, as they become complete.

    When the iteration ends, `closed` tells whether the list did, and `rest` is what was read past its last
    element: what follows the list, or the element that was cut off.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.closed = False
        self.rest = b""
        self._chunks = iter(chunks)

    def __iter__(self) -> Iterator[bytes]:
        start = at = depth = 0  # of the element being read; where to look next; brackets open there
        for chunk in self._chunks:
            self.rest = self.rest[start:] + chunk
            at -= start
            start = 0
            while stop := (_BRACKET_OR_COMMA if depth == 1 else _BRACKET).match(self.rest, at):
                at = stop.end()
                found = self.rest[at - 1]
                if found in _OPEN:
                    depth += 1
                    start = at if depth == 1 else start
                elif depth > 1:
                    depth -= 1
                else:
                    element = self.rest[start : at - 1].strip()
                    start = at
                    if element or found == _COMMA:
                        yield element
                    if found in _CLOSE:
                        self.closed, self.rest = True, self.rest[at:]
                        return
        self.rest = self.rest[start:]


def whole_list(body: bytes, limit: int) -> list[bytes]:
    """The elements of a body that is one list, at most this long, and nothing else; none where it is not."""
    if not body.startswith(b"["):
        return []
    elements = ArraySplitter([body])
    found = list(islice(elements, limit + 1))
    return found if elements.closed and not elements.rest.strip() else []
