"""What a store says while most nodes of its cluster are gone."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from springhead.core.errors import SpringheadError
from springhead.gateway.storage.nats import NatsOptions, NatsStore
from springhead.gateway.storage.records import StoreBusy
from support.nats_nodes import Node, cluster
from support.stores import claim, deliver, entry, keep

pytestmark = pytest.mark.slow


async def ready(store: NatsStore) -> bool:
    """Whether the store would keep an event now."""
    try:
        await store.probe(["auth0"])
    except StoreBusy:
        return False
    return True


def test_without_most_nodes_nothing_is_accepted_and_nothing_is_lost(tmp_path: Path) -> None:
    """It says so to senders and probes, and goes on by itself once they are back."""

    async def scenario(nodes: list[Node]) -> None:
        store = NatsStore(
            NatsOptions(tuple(node.url for node in nodes), folder=tmp_path / "cache", patience=1.0)
        )
        await store.open()
        try:
            await keep(store, entry("before"))
            assert await ready(store)
            for node in nodes[1:]:
                node.stop(signal.SIGKILL)
            with pytest.raises(StoreBusy):
                await keep(store, entry("during"))
            while await ready(store):  # noqa: ASYNC110 - the last write grows old
                await asyncio.sleep(0.1)
            for node in nodes[1:]:
                node.start()
            while not await ready(store):  # noqa: ASYNC110 - other processes make it true
                await asyncio.sleep(0.1)
            while True:
                try:
                    await keep(store, entry("during"), entry("after"))
                    break
                except SpringheadError:
                    await asyncio.sleep(0.1)
            delivered: list[str] = []
            while len(delivered) < 3:
                delivered += await deliver(store)
                await asyncio.sleep(0.1)
            assert delivered == ["before", "during", "after"]
            assert await claim(store) == []
        finally:
            await store.close()

    with cluster(tmp_path / "nats") as nodes:
        asyncio.run(scenario(nodes))
