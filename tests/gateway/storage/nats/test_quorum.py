"""What a store says while most nodes of its cluster are gone."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore, store
from springhead.gateway.storage.records import StoreBusy
from support.nats_nodes import Node, cluster
from support.stores import claim, entry, keep, names, refusal

pytestmark = pytest.mark.slow

T = TypeVar("T")


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """Three nodes that a test may end, and starts again."""
    with cluster(tmp_path_factory.mktemp("nats")) as nodes:
        yield nodes


def options(nodes: list[Node], folder: Path, name: str) -> NatsOptions:
    """A store of its own, which refuses soon."""
    return NatsOptions(tuple(node.url for node in nodes), name=name, folder=folder, patience=1.0)


async def ready(opened: NatsStore) -> bool:
    """Whether the store would keep an event now."""
    try:
        await opened.probe(["auth0"])
    except StoreBusy:
        return False
    return True


async def eventually(act: Callable[[], Awaitable[T]]) -> T:
    """Do something as soon as it can be done: each stream elects its leader by itself."""
    while True:
        try:
            return await act()
        except StoreBusy:
            await asyncio.sleep(0.1)


def test_without_most_nodes_nothing_is_accepted_and_nothing_is_lost(mortal: list[Node], tmp_path: Path) -> None:
    """It says so to senders and probes, and goes on by itself once they are back."""

    async def scenario() -> None:
        opened = NatsStore(options(mortal, tmp_path, "kept"))
        await opened.open()
        try:
            await keep(opened, entry("before"))
            assert await ready(opened)
            for node in mortal[1:]:
                node.stop(signal.SIGKILL)
            with pytest.raises(StoreBusy):
                await keep(opened, entry("during"))
            while await ready(opened):  # noqa: ASYNC110 - the last write grows old
                await asyncio.sleep(0.1)
            for node in mortal[1:]:
                node.start()
            while not await ready(opened):  # noqa: ASYNC110 - other processes make it true
                await asyncio.sleep(0.1)
            await eventually(partial(keep, opened, entry("during"), entry("after")))
            delivered: list[str] = []
            while len(delivered) < 3:
                claimed = await eventually(partial(claim, opened))
                await eventually(partial(opened.acknowledge, [event.seq for event in claimed]))
                delivered += names(claimed)
                await asyncio.sleep(0.1)  # while it owns no bucket, a claim waits for nothing
            assert delivered == ["before", "during", "after"]
            assert await claim(opened) == []
        finally:
            await opened.close()

    asyncio.run(scenario())


def test_a_store_that_is_opened_without_a_quorum_waits_for_it(mortal: list[Node], tmp_path: Path) -> None:
    """Gateways and nodes may be started at the same time."""

    async def scenario() -> None:
        opened = NatsStore(options(mortal, tmp_path, "awaited"))
        for node in mortal[1:]:
            node.stop(signal.SIGKILL)
        opening = asyncio.create_task(opened.open())
        await asyncio.sleep(2.0)
        assert not opening.done()
        for node in mortal[1:]:
            node.start()
        await opening
        await opened.close()

    asyncio.run(scenario())


def test_a_cluster_that_stays_without_a_quorum_is_told(
    mortal: list[Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the cluster, and what to check."""
    monkeypatch.setattr(store, "_ELECTION_SECONDS", 0.0)
    for node in mortal[1:]:
        node.stop(signal.SIGKILL)

    message = refusal(options(mortal, tmp_path, "never"))

    for node in mortal[1:]:
        node.start()
    servers = ",".join(f"127.0.0.1:{node.port}" for node in mortal)
    assert message.startswith(f"never at nats://{servers} cannot be opened: ")
    assert message.endswith("; check that most of its servers run, with JetStream")
