"""Exchanges with the other gateways what each of them tells of itself, and shows those who watch it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from .ownership import Ownership


class Exchange:
    """Reports, which are published with the presence of a gateway, and broadcasts, which are not kept.

    Attributes:
        report: makes the report of this gateway.
        heard: called with the reports of the others, by the id of each.
        received: called with what another gateway broadcasts.
    """

    def __init__(self) -> None:
        self.report: Callable[[], bytes] = bytes
        self.heard: Callable[[Mapping[str, bytes]], object] = len
        self.received: Callable[[bytes], object] = len

    async def join(self, client: Client, ownership: Ownership, subject: str) -> None:
        """Receive what the others broadcast under a subject, and broadcast there."""
        self._client, self._ownership, self._subject = client, ownership, subject
        await client.subscribe(f"{subject}.*", cb=self._receive)

    async def hear(self) -> None:
        """Read the latest reports.

        Raises:
            StoreBusy: the cluster does not answer.
        """
        self.heard(await self._ownership.others())

    async def broadcast(self, data: bytes) -> None:
        """Send something to the others, if this gateway has a connection."""
        if self._client.is_connected:
            with suppress(nats.errors.Error):
                await self._client.publish(f"{self._subject}.{self._ownership.id}", data)

    async def _receive(self, message: Msg) -> None:
        if message.subject.rpartition(".")[2] != self._ownership.id:
            self.received(message.data)
