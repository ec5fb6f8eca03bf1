"""Tells the time by which things expire, whatever happens to the system's clock for a while."""

from __future__ import annotations

import time

UNSET_BEFORE = 1_750_000_000.0
"""A clock that reads less, which is June 2025, was never set."""
TRUST_SECONDS = 3600.0
"""A clock that was set is trusted once it has run on for so long."""
_STEP_SECONDS = 60.0
"""A clock that is this far from where it should be was set. What slews it moves it less in an hour."""


class Clock:
    """Epoch seconds from two clocks: the system's, which may be wrong, and the time that has passed.

    They differ after the system's clock was set, and after a start at a time far from the last one known. In
    the following hour what is recorded has the later time, and what expires does so by the earlier one.
    """

    def __init__(self, last: float | None) -> None:
        """`last` is the last time known before this start; None if there was none."""
        wall, self._since = time.time(), time.monotonic()
        self._offset = self._trusted_offset = wall - self._since
        if last is not None and abs(wall - last) > TRUST_SECONDS:
            self._trusted_offset = last - self._since

    def recording(self) -> float:
        """The time for what is recorded now, so that no clock that is behind makes it old."""
        return max(time.time(), self.trusted())

    def expiring(self) -> float:
        """The time for what expires now, so that no clock that is ahead makes it old."""
        return min(time.time(), self.trusted())

    def trusted(self) -> float:
        """The time by the last clock that was trusted."""
        passed = time.monotonic()
        offset = time.time() - passed
        if abs(offset - self._offset) > _STEP_SECONDS:
            self._offset, self._since = offset, passed
        if self._offset == self._trusted_offset or passed - self._since >= TRUST_SECONDS:
            self._offset = self._trusted_offset = offset
        return passed + self._trusted_offset
