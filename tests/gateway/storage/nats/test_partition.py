"""What gateways on both sides of a broken network promise, while all servers are alive."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path

import httpx
import nats
import pytest

from support.dataplanes import data_plane
from support.gateways import Gateway
from support.links import divided
from support.nats_nodes import Node
from support.senders import Senders, assert_kept_and_in_order, gateway_to, log_ids, until
from support.servers import LOCAL

pytestmark = pytest.mark.slow


async def lead(node: Node) -> None:
    """Make a node the leader of all streams."""
    client = await nats.connect(node.url)
    request = json.dumps({"placement": {"preferred": node.name}}).encode()
    for stream in ("events", "seen", "state", "leases", "dead"):
        await client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.springhead-{stream}", request, 10)
    await client.close()


async def start(stack: ExitStack, folder: Path, to: str, node: Node) -> Gateway:
    """Start a gateway that is connected to this node, and to no other."""
    await asyncio.to_thread(folder.mkdir)
    started = gateway_to(to, folder, store={"url": node.url, "patience": 1})
    return await asyncio.to_thread(stack.enter_context, started)


async def sharing(server: Gateway) -> None:
    """Wait until a gateway delivers half of the buckets."""
    async with httpx.AsyncClient(**LOCAL, timeout=30) as client:
        while '"buckets":8' not in (await client.get(f"{server.admin_url}/api/status")).text:  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.1)


async def accepting(senders: Senders, count: int = 100) -> None:
    """Wait until so many more logs are acknowledged."""
    before = len(senders.acknowledged)
    await until(lambda: len(senders.acknowledged) >= before + count)


def test_a_partition_loses_nothing_that_was_told_ok(tmp_path: Path) -> None:
    """The gateway of the server that is cut off, which led, refuses; the other goes on; in the end both do."""

    async def scenario() -> None:
        async with divided(tmp_path / "nats") as (nodes, link), data_plane() as plane:
            with ExitStack() as stack:
                most, few = [
                    await start(stack, tmp_path / node.name, plane.url, node) for node in (nodes[0], nodes[-1])
                ]
                await lead(nodes[-1])
                of_most, of_few = Senders(most.url), Senders(few.url)
                sending = [asyncio.create_task(of_most.run(2)), asyncio.create_task(of_few.run(2, first=10))]
                await asyncio.gather(sharing(few), accepting(of_most), accepting(of_few))
                link.cut()
                await until(lambda: of_few.statuses[503] > 0)
                await accepting(of_most)
                accepted = set(of_most.acknowledged)
                await until(lambda: accepted <= set(log_ids(plane).values()))
                link.mend()
                await asyncio.gather(accepting(of_most), accepting(of_few))
                of_most.stopping = of_few.stopping = True
                await asyncio.gather(*sending)
                acknowledged = {*of_most.acknowledged, *of_few.acknowledged}
                await until(lambda: len(set(plane.taken)) >= len(acknowledged))
                await asyncio.to_thread(stack.close)
            assert_kept_and_in_order(plane, [of_most, of_few])

    asyncio.run(scenario())
