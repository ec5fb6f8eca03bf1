"""Limits what `each` makes of one record, which may grow with the square of the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from ..codec import encode
from ..errors import InvalidEvent
from .path import Path

T = TypeVar("T")

LIMIT = 2**25
"""The most bytes, as JSON."""
_UNCOUNTED = 16
"""Elements at the beginning that are not counted, so that most records cost nothing more."""


def may_grow(paths: Iterable[Path]) -> bool:
    """Whether rows of an `each` that read these paths copy to every element what stands outside of it."""
    return any(path.root in ("$parent", "$item", "$request") for path in paths)


def limited(values: Iterator[T]) -> list[T]:
    """List what is made of each element.

    Raises:
        InvalidEvent: rule `event/size`, as soon as it has more than `LIMIT` bytes.
    """
    made, size = list(islice(values, _UNCOUNTED)), 0
    for value in values:
        size += len(encode(value))
        if size > LIMIT:
            reason = f"an each would make more than {LIMIT} bytes of this record"
            advice = "send fewer elements at a time, or have each read less from outside its elements"
            raise InvalidEvent("event/size", f"{reason}: {advice}")
        made.append(value)
    return made
