"""The circuit breaker: failures in, who may try a destination and when out. Shared by all its lanes."""

from __future__ import annotations

import time
from collections.abc import Callable

ASK_AGAIN = 0.1
"""Seconds until a lane asks again while another one probes."""


class Breaker:
    """Opens after so many failures in a row; then one lane probes, once a pause, until one gets through."""

    def __init__(self, failures: int, pause: float, changed: Callable[[bool], None]) -> None:
        self._failures, self._pause, self._changed = failures, pause, changed
        self._row = 0
        self._quiet_until = 0.0
        self.why = ""
        """The last failure there was."""
        self._probe: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether only probes are let through."""
        return self._row >= self._failures

    def admit(self, lane: int) -> float:
        """0 where the lane may try, else the seconds until it should ask again."""
        quiet = self._quiet_until - time.monotonic()
        if quiet > 0:
            return quiet
        if self.is_open:
            if self._probe not in (None, lane):
                return ASK_AGAIN
            self._probe = lane
        return 0.0

    def withdraw(self, lane: int) -> None:
        """The lane tries nothing after all, or is done: another one may probe."""
        if self._probe == lane:
            self._probe = None

    def succeeded(self) -> None:
        """The destination answered."""
        was_open = self.is_open
        self._row = 0
        if was_open:
            self._changed(False)

    def failed(self, why: str, pause: float, after: float | None = None) -> float:
        """The destination did not answer, failed, or asked to be left alone.

        Args:
            why: what it did.
            pause: seconds the lane would wait, on its own.
            after: seconds the destination asked for: no lane tries before.

        Returns:
            The seconds until the lane may try again.
        """
        was_open = self.is_open
        self.why = why
        self._row += 1
        quiet = max(after or 0.0, pause, self._pause) if self.is_open else after or 0.0
        self._quiet_until = max(self._quiet_until, time.monotonic() + quiet)
        if self.is_open and not was_open:
            self._changed(True)
        return max(pause, quiet)
