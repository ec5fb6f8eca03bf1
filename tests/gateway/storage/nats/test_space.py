"""What a cluster does with its room: it is reserved, and a node that has none left loses nothing."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import nats.errors
import pytest
from nats.aio.client import Client
from nats.js.errors import APIError

from springhead.gateway.storage.nats import NatsOptions, NatsStore
from springhead.gateway.storage.nats.api import ask, until_answered
from springhead.gateway.storage.nats.connection import connect
from springhead.gateway.storage.records import StoreBusy, StoreFull
from support.disks import fill_disk, mounted
from support.nats_nodes import Node, cluster
from support.senders import until
from support.stores import claim, entry, keep, names, refusal

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000


def options(nodes: list[Node], folder: Path, **more: Any) -> NatsOptions:
    """A store of ten megabytes, five of them for ids, and some for dead letters."""
    limits = {"max_bytes": 10 * MEGABYTE, "dead_letter_bytes": 4 * MEGABYTE, **more}
    return NatsOptions(tuple(node.url for node in nodes), folder=folder, **limits)


async def try_to_keep(store: NatsStore, *ids: str) -> list[str]:
    """Append events, and return which were accepted."""
    accepted = []
    for message_id in ids:
        with suppress(StoreBusy, StoreFull):
            await keep(store, entry(message_id, message_id, size=10_000))
            accepted.append(message_id)
    return accepted


async def keep_all(store: NatsStore, *ids: str) -> None:
    """Append events as a sender does: what is refused is sent again."""
    for message_id in ids:
        while not await try_to_keep(store, message_id):  # noqa: ASYNC110 - the cluster makes it true
            await asyncio.sleep(0.1)


async def deliver_all(store: NatsStore, *ids: str) -> None:
    """Deliver until each of these events has come; what cannot be recorded comes again."""
    missing = set(ids)
    while missing:
        with suppress(StoreBusy, StoreFull):
            claimed = await claim(store, lease=1.0)
            missing.difference_update(names(claimed))
            await store.acknowledge([one.seq for one in claimed])
        await asyncio.sleep(0.1)


def named(prefix: str, count: int = 40) -> list[str]:
    """The messageIds of so many events."""
    return [f"{prefix}/{number}" for number in range(count)]


async def crowd(client: Client) -> None:
    """Fill the node that keeps another application's stream, until it takes no more."""
    await ask(client, "STREAM.CREATE.other", name="other", subjects=["other"], storage="file")
    try:
        while True:
            await client.jetstream().publish("other", b"x" * MEGABYTE)
    except (APIError, nats.errors.Error):
        return


def test_streams_that_do_not_fit_are_refused_at_the_start(tmp_path: Path) -> None:
    """JetStream reserves the room, so that it does not run out later."""
    with cluster(tmp_path / "nats", 1, room="40MB") as nodes:
        too_large = options(nodes, tmp_path, replicas=1, max_bytes=50 * MEGABYTE)

        message = refusal(too_large)

    assert message.startswith("the stream springhead-events cannot be made: insufficient storage")
    assert "check store.replicas, store.max_bytes and store.keep_bytes" in message


def test_a_node_at_its_limit_loses_nothing(tmp_path: Path) -> None:
    """Another application fills it. What that node leads may be refused, and all goes on once there is room."""

    async def scenario(nodes: list[Node]) -> None:
        store = NatsStore(options(nodes, tmp_path, patience=1.0))
        await store.open()
        client = await connect(options(nodes, tmp_path))
        before, after = named("before"), named("after")
        await keep_all(store, *before)
        await crowd(client)
        accepted = await try_to_keep(store, *named("meanwhile", 10))
        await until_answered(lambda: ask(client, "STREAM.DELETE.other"), 30.0)
        await keep_all(store, *after)
        await deliver_all(store, *before, *accepted, *after)
        await until(lambda: all(node.is_healthy() for node in nodes))
        await client.close()
        await store.close()

    with cluster(tmp_path / "nats", room="150MB") as nodes:
        asyncio.run(scenario(nodes))


def test_a_node_whose_disk_is_full_needs_room_and_a_restart(tmp_path: Path) -> None:
    """The other two go on without it, and what it missed it reads from them."""

    async def scenario(nodes: list[Node]) -> None:
        store = NatsStore(options(nodes, tmp_path))
        await store.open()
        before, full, missed, after = (named(name) for name in ("before", "full", "missed", "after"))
        await keep_all(store, *before)
        ballast = fill_disk(nodes[0].folder)
        await keep_all(store, *full)
        await deliver_all(store, *before, *full)
        await keep_all(store, *missed)
        await until(lambda: not nodes[0].is_healthy())
        ballast.unlink()
        nodes[0].stop()
        nodes[0].start()
        await until(nodes[0].is_healthy)
        nodes[1].stop(signal.SIGKILL)  # what most nodes have is now what this one has
        await keep_all(store, *after)
        await deliver_all(store, *missed, *after)
        await store.close()

    with ExitStack() as stack:
        stack.enter_context(mounted(tmp_path / "nats" / "n0", megabytes=64))
        asyncio.run(scenario(stack.enter_context(cluster(tmp_path / "nats"))))
