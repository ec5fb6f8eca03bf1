"""Splitting: the text of a JSON list in, the texts of its elements out, without decoding them.

So a list larger than memory streams, and one element that does not decode costs no other. A JSON parser that
streams would do, but its own idea of numbers and text would be a second one: each element goes to `parse`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[\[\]{},]', re.DOTALL)
_OPEN, _CLOSE, _COMMA, _QUOTE = b"[{", b"]}", ord(","), ord('"')


class Elements:
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
            while token := _TOKEN.search(self.rest, at):
                first = self.rest[token.start()]
                if first == _QUOTE and not token.group(1):  # cut off: look at it again with the next chunk
                    at = token.start()
                    break
                at = token.end()
                if first in _OPEN:
                    depth += 1
                    start = at if depth == 1 else start
                elif depth == 1 and (first == _COMMA or first in _CLOSE):
                    element = self.rest[start : at - 1].strip()
                    start = at
                    if element or first == _COMMA:
                        yield element
                    if first in _CLOSE:
                        self.closed, self.rest = True, self.rest[at:]
                        return
                elif first in _CLOSE:
                    depth -= 1
            else:
                at = len(self.rest)
        self.rest = self.rest[start:]


def whole_list(body: bytes, limit: int) -> list[bytes]:
    """The elements of a body that is one list, at most this long, and nothing else; none where it is not."""
    if not body.startswith(b"["):
        return []
    elements = Elements([body])
    found = list(islice(elements, limit + 1))
    return found if elements.closed and not elements.rest.strip() else []
