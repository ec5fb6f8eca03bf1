"""Measures how many events a second each source accepts."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping

SECONDS = 60
"""How far back rates go."""


class Rates:
    """The events of each source in each of the last seconds, at all gateways together."""

    def __init__(self, totals: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
        """`totals` tells what each gateway has accepted of each source: totals that only grow."""
        self._totals = totals
        self._previous = totals()
        self._counts: dict[str, deque[int]] = {}

    def tick(self) -> None:
        """End a second."""
        added: Counter[str] = Counter(dict.fromkeys(self._counts, 0))
        totals = self._totals()
        for gateway, sources in totals.items():
            before = self._previous.get(gateway, sources)  # one that is new here may have accepted much before
            for source, total in sources.items():
                added[source] += total - before.get(source, 0)
        for source, events in added.items():
            self._counts.setdefault(source, deque([0] * SECONDS, maxlen=SECONDS)).append(events)
        self._previous = totals

    def counts(self, source: str) -> list[int]:
        """The events in each of the last seconds, oldest first."""
        return list(self._counts.get(source, [0] * SECONDS))

    def mean(self, source: str, seconds: int) -> float:
        """Events a second, over the last `seconds`."""
        return sum(self.counts(source)[-seconds:]) / seconds
