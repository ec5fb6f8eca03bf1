"""What a user of the cluster must be permitted is what docs/gateway.md says."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from springhead.gateway.storage.nats import NatsOptions, NatsStore
from support.nats_nodes import cluster
from support.paths import DOCS
from support.senders import until
from support.stores import deliver, entry, keep, letter

TEXT = (DOCS / "gateway.md").read_text()


def test_a_user_needs_the_subjects_that_the_document_names(tmp_path: Path) -> None:
    """With these a gateway does all it does, and is denied nothing."""
    (sentence,) = re.findall(r"A user with permissions .*", TEXT)
    subjects = json.dumps(re.findall(r"`([^`]+)`", sentence))
    permissions = f"{{ publish: {subjects}, subscribe: {subjects} }}"
    login = f'authorization {{ users: [{{ user: ada, password: "invented", permissions: {permissions} }}] }}'

    async def scenario(url: str) -> None:
        options = NatsOptions((url,), user="ada", password="invented", replicas=1, folder=tmp_path)  # noqa: S106
        store = NatsStore(options)
        received: list[bytes] = []
        store.share(lambda: b"one", lambda _: None, lambda _: None)
        other = NatsStore(options)
        other.share(lambda: b"other", lambda _: None, received.append)
        for each in (store, other):
            await each.open()
        try:
            await store.broadcast(b"hello")
            await until(lambda: received == [b"hello"])
            await until(lambda: len(store.owned) == len(other.owned) == 8)
            await store.append([entry("1"), entry("2", "grace")], [letter()], None)
            delivered: list[str] = []
            while len(delivered) < 2:
                delivered += await deliver(store) + await deliver(other)
                await asyncio.sleep(0.1)
            assert await store.drop([one.id for one in await store.dead_letters()]) == 1
            assert await store.sweep() == []
            await store.probe(["auth0"])
            await keep(store, entry("3"))
        finally:
            await store.close()
            await other.close()

    with cluster(tmp_path / "nats", 1, login) as (node,):
        asyncio.run(scenario(node.url))
        log = (node.folder / "log").read_text()
    assert "Violation" not in log
    assert "JetStream" in log
