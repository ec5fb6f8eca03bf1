"""What a user of a cluster must be allowed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from springhead.gateway.storage.nats import NatsOptions, NatsStore
from support.nats_nodes import cluster
from support.stores import deliver, entry, letter

STREAMS = ("events", "seen", "state", "leases", "dead", "live")
PUBLISH = ["$JS.API.>", "store-appended", *(f"store-{stream}.>" for stream in STREAMS)]
SUBSCRIBE = ["_INBOX.>", "store-appended", "store-live.>"]
PERMISSIONS = json.dumps({"publish": PUBLISH, "subscribe": SUBSCRIBE})
USER = f"{{ user: ada, password: swordfish, permissions: {PERMISSIONS} }}"


def test_what_the_documentation_lists_is_enough(tmp_path: Path) -> None:
    """To accept, deliver, list and sweep, and to tell other gateways."""

    async def scenario(url: str) -> None:
        options = {"user": "ada", "password": "swordfish", "name": "store", "replicas": 1}
        stores = [NatsStore(NatsOptions((url,), folder=tmp_path / f"{one}", **options)) for one in range(2)]  # type: ignore[arg-type]
        for store in stores:
            await store.open()
        woken = asyncio.Event()
        stores[0].on_append(lambda _source: woken.set())
        await stores[1].append([entry("1")], [letter()], None)
        await woken.wait()
        assert await deliver(stores[0]) == ["1"]
        assert (await stores[0].counts()).by_source == {"auth0": (0, 1)}
        assert await stores[0].drop([one.id for one in await stores[0].dead_letters()]) == 1
        assert await stores[0].sweep() == []
        for store in stores:
            await store.close()

    with cluster(tmp_path / "nats", 1, f"authorization {{ users: [{USER}] }}") as (node,):
        asyncio.run(scenario(node.url))
