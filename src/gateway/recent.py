"""Remembers the latest requests in memory, and shows them with secrets and personal data masked."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from ..core.codec import Object
from ..core.host import Host
from ..core.outcome import Outcome
from ..core.request import Request
from .settings import SourceSettings

LAST = 50
"""Accepted requests remembered of each source."""
_MAX_BODY = 1 << 16
"""Bytes of the longest body remembered; of a request with a longer one, only the counts are."""
_SHOWN = 20
"""Events and rejections shown of a request; any others are only counted."""
_QUEUE_SIZE = 1_000
"""Requests a watcher may fall behind before it misses some."""
_ID_FIELDS = ("userId", "anonymousId", "previousId")
"""Fields that say whose event it is. Redaction keeps them, because the destination must tell users apart."""
_ID_TAIL = 4
"""The last characters of a long id, which are shown."""
_ID_DIGEST = 2
"""Bytes of the keyed digest that tells masked ids apart."""


class RecentRequest:
    """One accepted request, and its outcome.

    Attributes:
        events: how many events it had.
        duplicates: the positions of those accepted before.
    """

    __slots__ = ("_events", "_request", "at", "duplicates", "events", "rejected", "rejections", "source")

    def __init__(self, source: SourceSettings, request: Request, outcome: Outcome) -> None:
        self.at = time.time()
        self.source = source
        self.events = len(outcome.events)
        self.duplicates: tuple[int, ...] = ()
        self.rejected = len(outcome.rejections)
        self.rejections = [
            {"rule": each.rule, "pointer": each.pointer, "line": each.line, "reason": each.reason}
            for each in outcome.rejections[:_SHOWN]
        ]
        self._request = request if len(request.body) <= _MAX_BODY else None
        self._events: list[Object] | None = None

    def masked_events(self, host: Host, key: bytes) -> list[Object]:
        """Its first events, mapped once more with all secrets, personal data and ids masked.

        The same id is masked in the same way wherever the `key` is the same.
        """
        if self._events is None:
            events: list[Object] = []
            if self._request is not None and self.events:
                masking = {**self.source.settings, "redact": "pii"}
                receive = host.receiver(self.source.type, masking, scope=self.source.name, replay=True)
                events = [mask_ids(event, key) for event in receive(self._request).events[:_SHOWN]]
            self._events, self._request = events, None
        return self._events


class RecentRequests:
    """The last requests of each source, and a feed of new ones. Belongs to one event loop.

    Attributes:
        accepted: how many events of each source were accepted since the start, duplicates included.
        key: with which ids are masked. It is random, so that no table of digests reveals them.
    """

    def __init__(self) -> None:
        self.key = secrets.token_bytes(16)
        self.accepted: Counter[str] = Counter()
        self._last: dict[str, deque[RecentRequest]] = {}
        self._watchers: set[asyncio.Queue[RecentRequest | None]] = set()

    def add(self, request: RecentRequest, duplicates: tuple[int, ...]) -> None:
        """Remember an accepted request, with the positions of its duplicates, and pass it on to watchers."""
        request.duplicates = duplicates
        name = request.source.name
        self.accepted[name] += request.events
        self._last.setdefault(name, deque(maxlen=LAST)).append(request)
        for watcher in self._watchers:
            with suppress(asyncio.QueueFull):  # accepting never waits for a slow watcher
                watcher.put_nowait(request)

    def last(self, source: str) -> list[RecentRequest]:
        """The last requests of a source, oldest first."""
        return list(self._last.get(source, ()))

    async def watch(self) -> AsyncIterator[RecentRequest]:
        """Requests as they are accepted, from now until `close`."""
        queue: asyncio.Queue[RecentRequest | None] = asyncio.Queue(_QUEUE_SIZE)
        self._watchers.add(queue)
        try:
            while (request := await queue.get()) is not None:
                yield request
        finally:
            self._watchers.discard(queue)

    def close(self) -> None:
        """End every watch. A watcher that is too far behind misses requests."""
        for watcher in self._watchers:
            while watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(None)


def mask_ids(event: Object, key: bytes) -> Object:
    """The event with its user's ids masked, wherever they appear."""
    ids = {event[field] for field in _ID_FIELDS if isinstance(event.get(field), str)}
    masks = {id_: _mask(id_, key) for id_ in ids}
    return {name: value if name == "type" else _masked(value, masks) for name, value in event.items()}


def _masked(value: Any, masks: dict[str, str]) -> Any:
    if isinstance(value, str):
        return masks.get(value, value)
    if isinstance(value, dict):
        return {name: _masked(member, masks) for name, member in value.items()}
    if isinstance(value, list):
        return [_masked(element, masks) for element in value]
    return value


def _mask(id_: str, key: bytes) -> str:
    """The last characters of a long id, and a digest that tells apart ids that end alike, or are short."""
    digest = hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), key=key, digest_size=_ID_DIGEST).hexdigest()
    return f"…{id_[-_ID_TAIL:] if len(id_) > 2 * _ID_TAIL else ''}#{digest}"
