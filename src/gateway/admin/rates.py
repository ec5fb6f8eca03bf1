"""Rates: counters that only grow, looked at once a second, in; how many a second out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

SECONDS = 60
"""How far back the rates go."""


class Rates:
    """How much was counted in each of the last seconds, by source."""

    def __init__(self, totals: Callable[[], Mapping[str, float]]) -> None:
        self._totals = totals
        self._last = dict(totals())
        self._counted: dict[str, deque[int]] = {}

    def tick(self) -> None:
        """A second is over."""
        now = dict(self._totals())
        for source in now:
            self._counted.setdefault(source, deque([0] * SECONDS, maxlen=SECONDS))
        for source, counted in self._counted.items():
            counted.append(int(now.get(source, 0) - self._last.get(source, 0)))
        self._last = now

    def counted(self, source: str) -> list[int]:
        """The last seconds' counts, oldest first."""
        return list(self._counted.get(source, [0] * SECONDS))

    def over(self, source: str, seconds: int) -> float:
        """The mean of a second, over the last `seconds`."""
        return sum(self.counted(source)[-seconds:]) / seconds
