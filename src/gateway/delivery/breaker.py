"""Spaces out attempts that keep failing: at one source's events, or at a destination that cannot be reached."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf

import msgspec

from ..settings.model import DeliverySettings

ASK_AGAIN = 1.0
"""Seconds until a lane asks again while another one tries. It is woken as soon as that one succeeds."""


def backoff(settings: DeliverySettings, failures: int) -> float:
    """Seconds to wait after this many failures in a row: a random share of a time that doubles."""
    longest = min(settings.retry_max, settings.retry_min * 2.0 ** min(failures, 60))
    return random.uniform(settings.retry_min, longest)  # noqa: S311 - jitter is not a secret


class OpenBreaker(msgspec.Struct, frozen=True):
    """An open breaker, as one gateway tells another of it.

    Attributes:
        reason: its latest failure.
        opened_at: when it opened, in epoch seconds.
        pause: seconds until the next try.
        failures: how many there were in a row.
    """

    reason: str
    opened_at: float
    pause: float
    failures: int


class Breaker:
    """Makes all lanes pause after a failure, longer each time. While open, it lets one lane try at a time.

    Attributes:
        reason: the latest failure; empty after a success.
        is_open: whether there were `breaker_failures` in a row, or one that only an operator can mend.
    """

    def __init__(self, settings: DeliverySettings, changed: Callable[[Breaker], None]) -> None:
        """`changed` is called whenever the breaker opens or closes."""
        self.reason = ""
        self.is_open = False
        self._settings = settings
        self._changed = changed
        self._failures = 0
        self._failed_at = -inf
        self._succeeded_at = -inf
        self._opened_at = 0.0
        self._paused_until = -inf
        self._trying: object = None

    def wait(self, lane: object) -> float:
        """Seconds until this lane may try; 0 where it may now."""
        if (pause := self._paused_until - time.monotonic()) > 0:
            return pause
        return ASK_AGAIN if self.is_open and self._trying not in (None, lane) else 0.0

    @contextmanager
    def trying(self, lane: object) -> Iterator[None]:
        """Keep other lanes from trying while this one does, if the breaker is open."""
        self._trying = lane if self.is_open else None
        try:
            yield
        finally:
            if self._trying is lane:
                self._trying = None

    def end_pause(self) -> None:
        """Let lanes try now, because an operator has changed something."""
        self._paused_until = -inf

    @property
    def opened(self) -> OpenBreaker | None:
        """What others need to know of it; None if it is closed."""
        if not self.is_open:
            return None
        pause = max(self._paused_until - time.monotonic(), 0.0)
        return OpenBreaker(self.reason, self._opened_at, pause, self._failures)

    def follow(self, other: OpenBreaker) -> None:
        """Begin where the breaker of another gateway is, unless a try has succeeded here since that opened.

        This one stays closed until a try fails: if none is made, it would not close again.
        """
        now = time.monotonic()
        if self.is_open or self._succeeded_at > now - max(time.time() - other.opened_at, 0.0):
            return
        self._failures = max(self._failures, other.failures)
        self._paused_until = max(self._paused_until, now + other.pause)

    def succeeded(self) -> None:
        """Close the breaker."""
        self._succeeded_at = time.monotonic()
        self._failures = 0
        self.reason = ""
        if self.is_open:
            self.is_open = False
            self._changed(self)

    def failed(
        self, reason: str, sent_at: float, *, after: float = 0.0, opens: bool = False, pauses: bool = True
    ) -> None:
        """Count a failure, and pause.

        Args:
            reason: what happened.
            sent_at: when the request was sent, by the monotonic clock: of requests in flight together, only the
                first failure counts.
            after: seconds to pause at least, because the destination asks for it.
            opens: open the breaker at once.
            pauses: whether to pause before the breaker is open, too.
        """
        now = time.monotonic()
        self._paused_until = max(self._paused_until, now + after)
        if sent_at < self._failed_at:
            return
        self._failures += 1
        self._failed_at = now
        self.reason = reason
        opened = not self.is_open and (opens or self._failures >= self._settings.breaker_failures)
        if opened:
            self.is_open, self._opened_at = True, time.time()
        if self.is_open or pauses:
            pause = backoff(self._settings, self._failures)
            pause = max(pause, self._settings.breaker_pause) if self.is_open else pause
            self._paused_until = max(self._paused_until, now + pause)
        if opened:
            self._changed(self)
