"""Tells the other gateways of a cluster what was just accepted, so that none waits for its next look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

_GATHER = 0.002
"""Seconds for which hints wait for others, to be sent together."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, str, int]]).decode


@dataclass(slots=True)
class Hints:
    """Messages outside the streams, which may be lost: whoever misses one looks a little later.

    Attributes:
        received: called with the bucket, the source and the sequence of what another gateway accepted.
    """

    _client: Client
    _subject: str
    received: Callable[[int, str, int], None]
    _unsent: dict[tuple[int, str], int] = field(default_factory=dict)
    _sending: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Receive hints from now on, also over a connection that is made again."""
        await self._client.subscribe(self._subject, cb=self._receive)

    def send(self, bucket: int, source: str, sequence: int) -> None:
        """Tell the others that the log of this bucket and source was appended to, up to this sequence."""
        self._unsent[bucket, source] = sequence
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        await asyncio.sleep(_GATHER)
        hints = [(*log, sequence) for log, sequence in self._unsent.items()]
        self._unsent.clear()
        self._sending = None
        if self._client.is_connected:
            with suppress(nats.errors.Error):
                await self._client.publish(self._subject, _encode(hints))

    async def _receive(self, message: Msg) -> None:
        for bucket, source, sequence in _decode(message.data):
            self.received(bucket, source, sequence)
