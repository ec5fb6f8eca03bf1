"""Measures how many events a second each source accepts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

SECONDS = 60
"""How far back rates go."""


class Rates:
    """The events of each source in each of the last seconds, from totals that only grow."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self._totals = totals
        self._previous = dict(totals)
        self._counts: dict[str, deque[int]] = {}

    def tick(self) -> None:
        """End a second."""
        for source, total in self._totals.items():
            counts = self._counts.setdefault(source, deque([0] * SECONDS, maxlen=SECONDS))
            counts.append(total - self._previous.get(source, 0))
        self._previous = dict(self._totals)

    def counts(self, source: str) -> list[int]:
        """The events in each of the last seconds, oldest first."""
        return list(self._counts.get(source, [0] * SECONDS))

    def mean(self, source: str, seconds: int) -> float:
        """Events a second, over the last `seconds`."""
        return sum(self.counts(source)[-seconds:]) / seconds
