"""The live stream: what a gateway accepts and how it does in; server-sent events for whoever watches out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from ...core.codec import Object, encode
from ...core.errors import SpringheadError
from ...server import log
from ..app import Gateway
from ..recent import RecentRequest
from .masked import person_masked
from .rates import Rates
from .status import status_of

STATUS_SECONDS = 1.0
"""How often the status is sent."""
NEWS_SECONDS = 0.25
"""How often requests are: each is mapped again to be shown, and senders come first."""
NEWS = 20
"""Requests of a moment that are shown, and the last of each source at first; others are counted."""
EVENTS = 20
"""Events and rejections shown of a request."""
_BEHIND = 32
"""Messages a stream may be behind by before it misses some."""
_log = structlog.get_logger("springhead.admin")


class Live:
    """What all streams are sent, made once however many there are. Of one event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._rates = Rates(gateway.metrics.accepted_so_far)
        self._news: deque[RecentRequest] = deque(maxlen=NEWS)
        self._telling: list[RecentRequest] = []
        self._skipped = 0
        self._streams: set[asyncio.Queue[bytes | None]] = set()
        self._running = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch the gateway, until the end of the block or of its feed: then all streams end."""
        self._running = True
        ticking = [asyncio.create_task(each) for each in (self._watch(), self._tick(), self._tell())]
        for task in ticking:
            task.add_done_callback(_say_failure)
        try:
            yield
        finally:
            for task in ticking:
                task.cancel()
            await asyncio.gather(*ticking, return_exceptions=True)
            self._end()

    async def status(self) -> Object:
        """The status now. Raises SpringheadError where the store does not answer."""
        return await status_of(self._gateway, self._rates)

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events: `status` now and every second, `accepted` for each request, the last ones first.

        Where more is accepted than can be shown, `skipped` says how many requests were not.
        """
        if not self._running:
            return
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_BEHIND)
        self._streams.add(queue)
        last = self._last()  # at once, so that each request is either among them or in the queue
        try:
            yield b"retry: 1000\n\n" + await self._status_message() + await self._accepted(last, past=True)
            while (message := await queue.get()) is not None:
                yield message
        finally:
            self._streams.discard(queue)

    async def _watch(self) -> None:
        async for accepted in self._gateway.recent.watch():
            if self._streams:
                self._skipped += len(self._news) == NEWS
                self._news.append(accepted)
        self._end()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            self._rates.tick()
            if self._streams:
                self._send(await self._status_message())

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(NEWS_SECONDS)
            if self._news:
                self._telling, skipped = list(self._news), self._skipped
                self._news.clear()
                self._skipped = 0
                told = await self._accepted(self._telling)
                self._telling = []
                self._send(told + _message("skipped", {"requests": skipped}) if skipped else told)

    async def _status_message(self) -> bytes:
        try:
            return _message("status", await self.status())
        except SpringheadError as error:
            return _message("trouble", {"error": str(error)})

    def _last(self) -> list[RecentRequest]:
        feed, sources = self._gateway.recent, self._gateway.settings.source
        waiting = {*self._news, *self._telling}
        last = [one for source in sources for one in feed.last(source.name)[-NEWS:] if one not in waiting]
        return sorted(last, key=lambda one: one.at)

    async def _accepted(self, requests: list[RecentRequest], **more: bool) -> bytes:
        messages = []
        for one in requests:
            messages.append(_message("accepted", self._shown(one) | more))
            await asyncio.sleep(0)  # senders are answered in between
        return b"".join(messages)

    def _shown(self, accepted: RecentRequest) -> Object:
        events = accepted.shown(self._gateway.host)[:EVENTS]
        return {
            "at": accepted.at,
            "source": accepted.source.name,
            "accepted": accepted.events,
            "events": [person_masked(event) for event in events],
            "rejections": accepted.rejections[:EVENTS],
        }

    def _send(self, message: bytes) -> None:
        for queue in self._streams:
            with suppress(asyncio.QueueFull):  # who reads too slowly misses some
                queue.put_nowait(message)

    def _end(self) -> None:
        self._running = False
        for queue in self._streams:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)


def _say_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the live stream stands still", error=type(error).__name__, at=log.where(error))


def _message(kind: str, data: Object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), encode(data))
