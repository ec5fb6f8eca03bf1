"""Limits how many calls are in flight at once, and shares them out among the sources."""

from __future__ import annotations

from collections import Counter


class FairLimit:
    """Counts the calls in flight of each source.

    A source may use all that is free. Once the limit is reached, it may still have its equal share among the
    sources with calls in flight: slow senders of one source shut no other out. So n sources together have at
    most limit * (1 + 1/2 + ... + 1/n) calls in flight.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._total = 0
        self._by_source: Counter[str] = Counter()

    def enter(self, source: str) -> bool:
        """Count a call until it leaves; False if it must not enter."""
        if self._total >= self._limit and self._by_source[source] >= self._share(source):
            return False
        self._total += 1
        self._by_source[source] += 1
        return True

    def leave(self, source: str) -> None:
        """Count a call no longer."""
        self._total -= 1
        self._by_source[source] -= 1

    def _share(self, source: str) -> float:
        others = sum(1 for name, calls in self._by_source.items() if calls and name != source)
        return self._limit / (others + 1)
