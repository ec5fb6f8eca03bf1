"""The feed: what was accepted just now, for whoever watches. It lives in memory, and shows nothing unmasked."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from ..core.codec import Object
from ..core.host import Host
from ..core.outcome import Outcome
from ..core.request import Request
from .settings import SourceSettings

LAST = 50
"""Accepted requests remembered of each source."""
_LONGEST = 1 << 16
"""Bytes of the longest body remembered; of a longer one only the counts are."""
_REASONS = 20
"""Rejections of a request remembered; of more only their number is."""
_WAITING = 1_000
"""Accepted requests a watcher may be behind by before it misses some."""


class RecentRequest:
    """One accepted request, and what it came to."""

    __slots__ = ("_request", "_shown", "at", "events", "rejected", "rejections", "source")

    def __init__(self, source: SourceSettings, request: Request, outcome: Outcome) -> None:
        self.at = time.time()
        self.source = source
        self.events = len(outcome.events)
        self.rejected = len(outcome.rejections)
        self.rejections = [
            {"rule": each.rule, "pointer": each.pointer, "line": each.line, "reason": each.reason}
            for each in outcome.rejections[:_REASONS]
        ]
        self._request = request if len(request.body) <= _LONGEST else None
        self._shown: list[Object] | None = None

    def shown(self, host: Host) -> list[Object]:
        """Its events as a person may see them: mapped once more, with all secrets and personal data masked."""
        if self._shown is None:
            events: list[Object] = []
            if self._request is not None and self.events:
                masking = {**self.source.settings, "redact": "pii"}
                events = host.receiver(self.source.type, masking, replay=True)(self._request).events
            self._shown, self._request = events, None
        return self._shown


class RecentRequests:
    """Remembers the last requests of each source, and hands new ones to watchers. Of one event loop."""

    def __init__(self) -> None:
        self._last: dict[str, deque[RecentRequest]] = {}
        self._watchers: set[asyncio.Queue[RecentRequest | None]] = set()

    def add(self, accepted: RecentRequest) -> None:
        """Note an accepted request."""
        self._last.setdefault(accepted.source.name, deque(maxlen=LAST)).append(accepted)
        for watcher in self._watchers:
            with suppress(asyncio.QueueFull):  # a slow watcher misses some; accepting never waits for one
                watcher.put_nowait(accepted)

    def last(self, source: str) -> list[RecentRequest]:
        """The last requests of a source, oldest first."""
        return list(self._last.get(source, ()))

    async def watch(self) -> AsyncIterator[RecentRequest]:
        """Requests as they are accepted, from now until the feed is closed."""
        queue: asyncio.Queue[RecentRequest | None] = asyncio.Queue(_WAITING)
        self._watchers.add(queue)
        try:
            while (accepted := await queue.get()) is not None:
                yield accepted
        finally:
            self._watchers.discard(queue)

    def close(self) -> None:
        """End all watching, that of a watcher far behind too: it misses what it has not seen."""
        for watcher in self._watchers:
            while watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(None)
