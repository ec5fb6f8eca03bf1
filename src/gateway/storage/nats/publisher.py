"""Publishes messages until a majority of the servers has them, or time is up."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

from nats.aio.client import Client

from ..records import StoreBusy, StoreFull
from .api import ApiError, answer_of, send

HEADERS = 4_096
"""Bytes of a message that its headers may take."""
ANSWER_SECONDS = 2.0
"""How long an answer is waited for: a cluster that is busy may take a while."""
_PAUSE = 0.1
"""Seconds between two tries."""
_FULL = (10023, 10047, 10077)
"""Codes of a stream, an account or a server that has no room."""
_IN_FLIGHT = 10158
"""The code of a publish whose first try is not decided."""
STALE = 10071
"""The code of a compare-and-set that came too late."""


class Publisher:
    """Publishes for one store.

    Attributes:
        written_at: when a publish last succeeded, by the monotonic clock.
        publishes: how many succeeded.
    """

    def __init__(self, client: Client, patience: float) -> None:
        """`patience` is for how many seconds a publish that fails is tried again."""
        self._client = client
        self._patience = patience
        self.written_at = 0.0
        self.publishes = 0

    async def publish(  # noqa: PLR0913 - what JetStream takes with a message
        self,
        subject: str,
        data: bytes,
        id_: str,
        *,
        expected: int | None = None,
        ttl: float = 0.0,
        patience: float | None = None,
    ) -> int:
        """Publish a message, and return its sequence.

        Args:
            subject: where.
            data: what.
            id_: by which tries are recognised as one.
            expected: the sequence that the last message of the subject must have; 0 if there must be none.
            ttl: seconds after which the message is deleted.
            patience: as in `Publisher`.

        Raises:
            StoreFull: there is no room.
            StoreBusy: time is up; the message may be kept all the same.
            ApiError: it was refused, as by a compare-and-set with code `STALE`.
        """
        if len(data) + HEADERS > self._client.max_payload:
            limit = self._client.max_payload
            raise StoreFull(f"a message of {len(data)} bytes: the servers' max_payload is {limit}; raise it")
        headers = {"Nats-Msg-Id": id_}
        if expected is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(expected)
        if ttl:
            headers["Nats-TTL"] = f"{max(int(ttl), 1)}s"
        patience = self._patience if patience is None else patience
        until = time.monotonic() + patience
        answer_until = max(until, time.monotonic() + ANSWER_SECONDS)
        while True:
            try:
                sequence = await self._try(subject, data, headers, answer_until)
            except StoreBusy:
                if time.monotonic() + _PAUSE >= until:
                    raise
                await asyncio.sleep(_PAUSE)
            else:
                self.written_at = time.monotonic()
                self.publishes += 1
                return sequence

    async def publish_once(self, subject: str, data: bytes) -> int:
        """Publish a message that says the same however often it is published."""
        id_ = hashlib.blake2b(subject.encode() + data, digest_size=16).hexdigest()
        return await self.publish(subject, data, id_)

    async def _try(self, subject: str, data: bytes, headers: dict[str, str], until: float) -> int:
        seconds = min(max(until - time.monotonic(), _PAUSE), ANSWER_SECONDS)
        reply = await send(self._client, subject, data, headers, seconds)
        try:
            answer: dict[str, Any] = answer_of(reply)
        except ApiError as error:
            if error.code in _FULL:
                raise StoreFull(f"the stream of {subject} has no room: {error}") from None
            if error.code == _IN_FLIGHT:
                raise StoreBusy(str(error)) from None
            raise
        return int(answer["seq"])
