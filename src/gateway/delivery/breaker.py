"""Spaces out attempts that keep failing: at one source's events, or at a destination that cannot be reached."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from math import inf

from ..settings.model import DeliverySettings

ASK_AGAIN = 0.1
"""Seconds until a lane asks again while another one makes the attempt."""


def backoff(settings: DeliverySettings, failures: int) -> float:
    """Seconds to wait after this many failures in a row: a random share of a time that doubles."""
    longest = min(settings.retry_max, settings.retry_min * 2.0 ** min(failures, 60))
    return random.uniform(settings.retry_min, longest)  # noqa: S311 - jitter is not a secret


class Breaker:
    """Makes all lanes pause after a failure, longer each time. While open, it lets one lane try at a time.

    Attributes:
        failures: how many there were in a row. A failure that several lanes meet at the same time counts once.
        reason: the latest failure; empty after a success.
        is_open: after `breaker_failures` in a row, or after one that only an operator can correct.
    """

    def __init__(self, settings: DeliverySettings, changed: Callable[[Breaker], None]) -> None:
        """`changed` is called whenever the breaker opens or closes."""
        self.failures = 0
        self.reason = ""
        self.is_open = False
        self._settings = settings
        self._changed = changed
        self._failed_at = -inf
        self._paused_until = -inf
        self._trying: int | None = None

    def pause(self) -> float:
        """Seconds until any lane may try; 0 if one may now."""
        return max(self._paused_until - time.monotonic(), 0.0)

    def wait(self, lane: int) -> float:
        """Seconds until this lane may try; 0 if it may now. While open, the others wait until it withdraws."""
        if pause := self.pause():
            return pause
        if self.is_open:
            if self._trying not in (None, lane):
                return ASK_AGAIN
            self._trying = lane
        return 0.0

    def withdraw(self, lane: int) -> None:
        """Let another lane try."""
        if self._trying == lane:
            self._trying = None

    def succeeded(self) -> None:
        """Close the breaker, and forget the failures."""
        self.failures, self.reason = 0, ""
        if self.is_open:
            self.is_open = False
            self._changed(self)

    def failed(
        self, reason: str, sent_at: float, *, after: float = 0.0, opens: bool = False, lenient: bool = False
    ) -> None:
        """Count a failure, and pause.

        Args:
            reason: what happened.
            sent_at: when the request was sent, by the monotonic clock: of requests in flight together, only the
                first failure counts.
            after: seconds to pause at least, because the destination asks for it.
            opens: open the breaker at once.
            lenient: do not pause after the first failure in a row.
        """
        now = time.monotonic()
        self._paused_until = max(self._paused_until, now + after)
        if sent_at < self._failed_at:
            return
        self.failures += 1
        self.reason = reason
        self._failed_at = now
        opened = not self.is_open and (opens or self.failures >= self._settings.breaker_failures)
        self.is_open = self.is_open or opened
        if not (lenient and self.failures == 1):
            pause = backoff(self._settings, self.failures)
            pause = max(pause, self._settings.breaker_pause) if self.is_open else pause
            self._paused_until = max(self._paused_until, now + pause)
        if opened:
            self._changed(self)
