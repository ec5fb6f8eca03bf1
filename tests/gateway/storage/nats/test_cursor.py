"""How the progress of a log is kept by whoever owns it."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsOptions
from springhead.gateway.storage.nats.api import ApiError, until_answered
from springhead.gateway.storage.nats.connection import connect
from springhead.gateway.storage.nats.cursor import take_over
from springhead.gateway.storage.nats.publisher import STALE, Publisher
from springhead.gateway.storage.nats.streams import ensure, streams_of
from springhead.gateway.storage.records import StoreBusy
from support.nats_nodes import Node


class Deaf(Publisher):
    """Publishes, and hears no answer while it is deaf."""

    is_deaf = False

    async def publish(self, *args: Any, **options: Any) -> int:
        """Publish."""
        sequence = await super().publish(*args, **options)
        if self.is_deaf:
            raise StoreBusy("NATS does not answer")
        return sequence


def test_a_write_whose_answer_was_lost_is_not_another_gateways(nodes: list[Node], tmp_path: Path) -> None:
    """The owner goes on, until another has really taken the log over."""
    servers = tuple(node.url for node in nodes)
    options = NatsOptions(servers, name=f"test-{uuid.uuid4().hex}", folder=tmp_path)

    async def scenario() -> None:
        client = await connect(options)
        try:
            await until_answered(lambda: ensure(client, options), 15.0)
            stream, publisher = streams_of(options.name).state, Deaf(client, 10.0)
            owner = await take_over(client, publisher, stream, f"{stream}.0.aa", "now", 2)
            owner.progress.floor, publisher.is_deaf = 1, True
            with pytest.raises(StoreBusy):
                await owner.save()
            owner.progress.floor, publisher.is_deaf = 2, False
            await owner.save()

            next_owner = await take_over(client, publisher, stream, f"{stream}.0.aa", "now", 2)
            assert next_owner.progress.floor == 2
            with pytest.raises(ApiError) as error:
                await owner.save()
            assert error.value.code == STALE
        finally:
            await client.close()

    asyncio.run(scenario())
