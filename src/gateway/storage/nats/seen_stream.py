"""Shares among gateways which events were accepted: through a stream, for whoever owns their bucket next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from nats.aio.client import Client

from .accepted import Accepted
from .api import last, read_all
from .publisher import Publisher
from .seen import Seen

_FORGOTTEN = "forgotten"
"""The subject of events that may be accepted again; all gateways read it."""

_decode = msgspec.msgpack.Decoder(list[Accepted]).decode


@dataclass(frozen=True, slots=True)
class SeenStream:
    """Brings the file of what was accepted up to date with the stream."""

    _client: Client
    _publisher: Publisher
    _stream: str
    _seen: Seen

    async def read_bucket(self, bucket: int) -> None:
        """Learn what others delivered of a bucket."""
        await self._read(str(bucket))

    async def read_forgotten(self) -> None:
        """Learn which events may be accepted again."""
        await self._read(_FORGOTTEN)

    async def forget(self, accepted: Sequence[Accepted]) -> None:
        """Let events be accepted again, by all gateways."""
        await self._publisher.publish_once(f"{self._stream}.{_FORGOTTEN}", msgspec.msgpack.encode(accepted))
        await self._seen.forget(accepted)

    async def _read(self, name: str) -> None:
        subject = f"{self._stream}.{name}"
        change = self._seen.forget if name == _FORGOTTEN else self._seen.load
        newest = await last(self._client, self._stream, subject)
        for _ in range(100):  # a replica may be behind
            start = await self._seen.position(subject) + 1
            if newest is None or newest.sequence < start:
                return
            async for message in read_all(self._client, self._stream, subject, start):
                await change(_decode(message.data), subject, message.sequence)
            await asyncio.sleep(0.01)
