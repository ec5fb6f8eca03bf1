"""The probe for the event at fault: a source's pieces and their refusals in, smaller pieces and suspects out.

A 403 or a 5xx is about a key, an address or an outage, and buries nothing. But a firewall, or a fault of the
destination's, may answer so to every batch that holds one certain event, and would hold up all others with it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from .batch import Batch
from .context import DeliveryContext
from .suspects import Blame, Suspects

PATIENCE = 3
"""Failures in a row of a source's oldest events, before they go out in smaller pieces."""
SHARE = 8
"""How many times smaller each next one is."""


@dataclass(slots=True)
class _Search:
    """How far a source's events are narrowed down: by how many failures, to how many events a piece."""

    failures: int = 0
    size: int | None = None
    newest: bool = False
    """Whether the newest user is tried next: all that are older may be at fault."""


class Probe:
    """What one lane knows of the sources whose events are refused so."""

    def __init__(self, means: DeliveryContext) -> None:
        self._means = means
        self._searches: dict[str, _Search] = {}
        self.suspects = Suspects(means)

    def is_at(self, source: str) -> bool:
        """Whether its last piece was refused so: others go out before it."""
        return source in self._searches

    def cut(self, piece: Batch) -> list[Batch]:
        """The piece, in two where it is too large to be sent now; the last is to be sent first."""
        search, events = self._searches.get(piece.source), piece.events
        if search is None or search.size is None or len(events) <= search.size:
            return [piece]
        begin, end = 0, search.size
        if search.newest:
            begin = next(at for at, event in enumerate(events) if event.user == events[-1].user)
            end = begin + 1
        rest = [*events[:begin], *events[end:]]
        return [Batch(piece.source, rest), Batch(piece.source, events[begin:end])]

    def accepted(self, piece: Batch) -> None:
        """The destination takes events of this source: larger pieces may go out again."""
        tally, search = self._means.tallies[piece.source], self._searches.get(piece.source)
        tally.accepted, tally.is_well = tally.accepted + 1, True
        if self.suspects.drop(piece.events[0]):
            tally.fickle_at = time.monotonic()
        elif search:
            most = self._means.rules.batch_events
            search.newest, search.size = False, 2 * (search.size or most)
            if search.size >= most:
                del self._searches[piece.source]

    def refused(self, piece: Batch, blame: Blame) -> bool:
        """Narrow down; whether to go on at once, for the destination takes other events of this source."""
        event, is_alone = piece.events[0], len(piece.events) == 1
        if event in self.suspects:
            return self.suspects.refused(event, blame)
        tally, search = self._means.tallies[piece.source], self._searches.setdefault(piece.source, _Search())
        was_well, tally.is_well = tally.is_well, False
        search.failures += 1
        if search.failures < PATIENCE or (is_alone and not self.suspects.add(event, blame)):
            return False
        goes_on = was_well and search.size is not None
        search.size = max(len(piece.events) // SHARE, 1)
        search.newest = is_alone and not was_well and not search.newest
        return goes_on
