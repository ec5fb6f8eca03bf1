"""Streams that were backed up one after another, beside a gateway, are a whole store when they are restored."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import NoRespondersError

from springhead.gateway.storage.store import Store
from support.markdown import blocks
from support.nats_nodes import Node
from support.paths import ROOT
from support.stores import NatsBackend, claim, dead_event, deliver, entry, keep, letters

SECONDS = 30
SIZE = 100
"""Of the first event; each has a byte more than the one before it, by which it is known."""


@dataclass
class Backup:
    """What `nats stream backup` writes, and `nats stream restore` reads, by the requests that both make."""

    client: Client
    streams: dict[str, tuple[dict[str, Any], list[bytes]]] = field(default_factory=dict)

    async def take(self, stream: str) -> None:
        """Back a stream up."""
        inbox = self.client.new_inbox()
        chunks = await self.client.subscribe(inbox)
        request = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": 65_536}
        head = await self._ask(f"$JS.API.STREAM.SNAPSHOT.{stream}", json.dumps(request).encode())
        data = []
        while (chunk := await chunks.next_msg(SECONDS)).data:
            data.append(chunk.data)
            if chunk.reply:
                await chunk.respond(b"")
        self.streams[stream] = {"config": head["config"], "state": head["state"]}, data

    async def restore(self) -> None:
        """Put everything in the place of what is there."""
        for stream, (head, data) in self.streams.items():
            await self._ask(f"$JS.API.STREAM.DELETE.{stream}")
            answer = await self._ask(f"$JS.API.STREAM.RESTORE.{stream}", json.dumps(head).encode())
            for chunk in (*data, b""):
                await self._send(answer["deliver_subject"], chunk)

    async def _send(self, subject: str, data: bytes) -> None:
        """Send a part of a backup, once the node that takes it is known to the others."""
        while True:
            try:
                await self.client.request(subject, data, timeout=SECONDS)
            except NoRespondersError:
                await asyncio.sleep(0.1)
            else:
                return

    async def _ask(self, subject: str, data: bytes = b"") -> dict[str, Any]:
        answer: dict[str, Any] = json.loads((await self.client.request(subject, data, timeout=SECONDS)).data)
        assert "error" not in answer, answer
        return answer


def documented_order() -> list[str]:
    """The streams of a store in the order in which the document backs them up, without their prefix."""
    texts = [block.text for block in blocks(ROOT / "docs" / "cluster.md", "")]
    (block,) = [text for text in texts if "stream backup" in text]
    return re.findall(r"backup springhead-(\w+)", block)


def test_streams_backed_up_in_the_documented_order_are_a_whole_store(nodes: list[Node], tmp_path: Path) -> None:
    """What waited is delivered, what was dead is there, and what was delivered before is still a duplicate."""
    name = f"test-{uuid.uuid4().hex}"
    servers = tuple(node.url for node in nodes)
    before, after = (NatsBackend(servers, name, tmp_path / folder) for folder in ("before", "after"))

    async def scenario() -> None:
        client = await nats.connect(nodes[0].url)
        backup = Backup(client)
        async with before.opened() as store:
            for number in range(20):  # each is a message, which is deleted once it is settled
                await keep(store, entry(f"{number}", size=SIZE + number))
            await settle(store, ["0", "1", "2"], dead="3")
            for number, stream in zip(range(4, 12, 2), documented_order(), strict=True):
                await backup.take(f"{name}-{stream}")
                await settle(store, [f"{number}"], dead=f"{number + 1}")
            await keep(store, entry("accepted since"))
        await backup.restore()
        await client.close()

        async with after.opened() as restored:
            await keep(restored, entry("0"))
            delivered = await deliver(restored)
            dead = {len(one.event) - SIZE for one in await letters(restored)}

        assert delivered == sorted(delivered, key=int)
        assert {0, 1, 2} & set(map(int, delivered)) == set()
        assert {*map(int, delivered), *dead} >= {3, 5, 7, 9, 11, *range(12, 20)}

    asyncio.run(scenario())


async def settle(store: Store, delivered: list[str], dead: str) -> None:
    """Deliver some events, and have one refused."""
    claimed = {one.message_id: one for one in await claim(store)}
    await store.acknowledge([claimed[one].seq for one in delivered], [dead_event(claimed[dead])])
    await store.release([one.seq for one in claimed.values()])
