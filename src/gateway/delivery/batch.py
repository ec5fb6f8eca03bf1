"""Pieces: claimed events in, what goes out in one request each out; halves of it where it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..storage.records import ClaimedEvent
from .dataplane import ENVELOPE


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one source, in order, to be sent together."""

    source: str
    events: Sequence[ClaimedEvent]

    @property
    def seqs(self) -> list[int]:
        """Their numbers in the store."""
        return [event.seq for event in self.events]

    def halves(self) -> list[Batch]:
        """The second half and the first: the last of a list is sent next."""
        middle = len(self.events) // 2
        return [Batch(self.source, self.events[middle:]), Batch(self.source, self.events[:middle])]


def pieces(claimed: Iterable[ClaimedEvent], limit: int) -> list[Batch]:
    """The events by source, in order, in pieces of so many bytes at most; the last is to be sent first."""
    made: list[Batch] = []
    open_: dict[str, tuple[list[ClaimedEvent], int]] = {}
    for event in claimed:
        events, size = open_.get(event.source, ([], ENVELOPE))
        size += len(event.event) + 1
        if not events or size > limit:
            events, size = [], ENVELOPE + len(event.event) + 1
            made.append(Batch(event.source, events))
        events.append(event)
        open_[event.source] = events, size
    return made[::-1]
