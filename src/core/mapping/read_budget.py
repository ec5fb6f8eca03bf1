"""Limits what each element of a list reads from outside of it, which grows with the square of the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ..codec import encode
from ..errors import InvalidEvent
from .model import Build, Row
from .path import Path, read
from .stars import children
from .write import omit, pick

LIMIT = 2**25
"""The most bytes, as JSON, that they read of one record."""
_STEP = 16
"""Bytes that each element or member counts to which a star leads, whatever is read of it."""
_OUTSIDE = ("$parent", "$item", "$request")


class OutsideRead(msgspec.Struct, frozen=True):
    """What a row of an `each` reads for every element, although it is the same for all of them.

    Attributes:
        path: where it is, seen from outside the `each`.
        omit: what the row leaves out of it.
        pick: what the row takes of it; all if there is nothing here.
    """

    path: Path
    omit: tuple[Path, ...] = ()
    pick: tuple[Path, ...] = ()


class ReadBudget(msgspec.Struct):
    """How much may still be read for one record.

    Attributes:
        left: in bytes.
    """

    left: int = LIMIT

    def spend(self, elements: list[Any], reads: tuple[OutsideRead, ...], values: tuple[Any, ...]) -> None:
        """Count what the rows of an `each` read from outside these elements.

        Args:
            elements: what the `each` is applied to.
            reads: what its rows read.
            values: what is at the path of each of these, up to its first star.

        Raises:
            InvalidEvent: rule `event/size`: more than `LIMIT` bytes are read for the record.
        """
        if elements:
            self.left -= len(elements) * sum(map(_size, reads, values))
        if self.left < 0:
            reason = f"an each would read more than {LIMIT} bytes of this record from outside its elements"
            advice = "send fewer elements at a time, or have each read less from outside its elements"
            raise InvalidEvent("event/size", f"{reason}: {advice}")


def outside_reads(rows: Iterable[Row]) -> Iterator[OutsideRead]:
    """List what rows of an `each` read from outside; an `each` among them is counted when it runs."""
    for row in rows:
        for path in row.when.paths() if row.when is not None else ():
            yield from _outside(path)
        for path in row.origin_paths():
            yield from _outside(path, row.omit, row.pick)
        if isinstance(row.origin, Build):
            yield from outside_reads(member for _, member in row.origin.members)
        if row.fallback is not None:
            yield from outside_reads([row.fallback])


def _outside(
    path: Path, left_out: tuple[Path, ...] = (), picked: tuple[Path, ...] = ()
) -> Iterator[OutsideRead]:
    if path.root in _OUTSIDE:
        root = "" if path.root == "$parent" else path.root
        yield OutsideRead(replace(path, root=root, mask=None), left_out, picked)


def _size(outside: OutsideRead, value: Any) -> int:
    """How much is read of a value, in bytes."""
    steps = 0
    if outside.path.stars:
        value = [value]
        for rest in outside.path.stars:
            value = [read(child, rest) for node in value for child, _ in children(node)]
            steps += len(value)
    value = omit(value, outside.omit) if outside.omit else value
    value = pick(value, outside.pick) if outside.pick else value
    return steps * _STEP + len(encode(value))
