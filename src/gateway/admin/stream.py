"""Streams what a gateway accepts, and its status, to whoever watches."""

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
from .rates import Rates
from .status import status_of

STATUS_SECONDS = 1.0
"""Time between two statuses."""
BATCH_SECONDS = 0.25
"""Time between two batches of requests: each request is mapped again to be shown, and senders come first."""
REQUESTS = 20
"""Requests shown of a batch, and of each source at the start; further ones are only counted."""
_QUEUE_SIZE = 32
"""Messages a stream may fall behind before it misses some."""
_log = structlog.get_logger()


class LiveStream:
    """Makes each message once, for all streams, those of other gateways included. Belongs to one event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._rates = Rates(lambda: gateway.peers.accepted)
        self._new: deque[RecentRequest] = deque(maxlen=REQUESTS)
        self._sending: list[RecentRequest] = []
        self._skipped = 0
        self._streams: set[asyncio.Queue[bytes | None]] = set()
        self._is_running = False
        gateway.peers.is_watched = lambda: bool(self._streams)
        gateway.peers.received = self._send

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch the gateway until the end of the block, or until it stops: then all streams end."""
        self._is_running = True
        tasks = [
            asyncio.create_task(work) for work in (self._watch(), self._send_statuses(), self._send_requests())
        ]
        for task in tasks:
            task.add_done_callback(_log_failure)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._end()

    async def status(self) -> Object:
        """The status now. Raises SpringheadError if the store does not answer."""
        return await status_of(self._gateway, self._rates)

    async def messages(self) -> AsyncIterator[bytes]:
        """Server-sent events for one watcher.

        `status` comes at once and then every second; `accepted` for each request, beginning with the last ones
        of this gateway; `skipped` with the number of requests that are not shown; `trouble` if the store does
        not answer.
        """
        if not self._is_running:
            return
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_SIZE)
        self._streams.add(queue)
        last = self._last_requests()  # before anything is awaited: a request is either in here or in the queue
        try:
            yield (
                b"retry: 1000\n\n"
                + await self._status_message()
                + await self._request_messages(last, past=True)
            )
            while (message := await queue.get()) is not None:
                yield message
        finally:
            self._streams.discard(queue)

    async def _watch(self) -> None:
        async for request in self._gateway.recent.watch():
            if self._streams or self._gateway.peers.others_are_watched:
                self._skipped += len(self._new) == REQUESTS
                self._new.append(request)
        self._end()

    async def _send_statuses(self) -> None:
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            self._rates.tick()
            if self._streams:
                self._send(await self._status_message())

    async def _send_requests(self) -> None:
        while True:
            await asyncio.sleep(BATCH_SECONDS)
            if self._new:
                self._sending, skipped = list(self._new), self._skipped
                self._new.clear()
                self._skipped = 0
                messages = await self._request_messages(self._sending)
                self._sending = []
                messages += _message("skipped", {"requests": skipped}) if skipped else b""
                self._send(messages)
                await self._gateway.peers.show(messages)

    async def _status_message(self) -> bytes:
        try:
            return _message("status", await self.status())
        except SpringheadError as error:
            return _message("trouble", {"error": str(error)})

    def _last_requests(self) -> list[RecentRequest]:
        recent, sources = self._gateway.recent, self._gateway.settings.source
        queued = {*self._new, *self._sending}
        last = [request for source in sources for request in recent.last(source.name)[-REQUESTS:]]
        return sorted((request for request in last if request not in queued), key=lambda request: request.at)

    async def _request_messages(self, requests: list[RecentRequest], **more: bool) -> bytes:
        messages = []
        for request in requests:
            messages.append(_message("accepted", self._described(request) | more))
            await asyncio.sleep(0)  # lets senders be answered in between
        return b"".join(messages)

    def _described(self, request: RecentRequest) -> Object:
        events = request.masked_events(self._gateway.host, self._gateway.peers.key)
        return {
            "at": request.at,
            "source": request.source.name,
            "accepted": request.events,
            "duplicates": len(request.duplicates),
            "duplicate_events": [position for position in request.duplicates if position < len(events)],
            "events": events,
            "rejections": request.rejections,
        }

    def _send(self, message: bytes) -> None:
        for queue in self._streams:
            with suppress(asyncio.QueueFull):  # a slow watcher misses it
                queue.put_nowait(message)

    def _end(self) -> None:
        self._is_running = False
        for queue in self._streams:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the live stream has stopped", error=type(error).__name__, at=log.where(error))


def _message(name: str, data: Object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), encode(data))
