"""`check_nats_store` tells whether events can be stored in a cluster, and what an SQLite store still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.check.nats_store import check_nats_store
from springhead.gateway.settings import Settings, load_settings
from springhead.gateway.storage.store import Store
from support.gateways import SOURCE, write_settings
from support.nats_nodes import Node, cluster
from support.stores import entry, keep, use


def settings(folder: Path, nodes: list[Node], **store: Any) -> Settings:
    """The settings of a gateway on these servers."""
    url = "nats://" + ",".join(node.url.removeprefix("nats://") for node in nodes)
    return load_settings(write_settings(folder, SOURCE, store={"url": url, "max_bytes": 100_000_000, **store}))


def test_what_an_sqlite_store_still_holds_is_to_be_moved(tmp_path: Path) -> None:
    """A gateway on a cluster would never deliver it; without anything there is no advice."""

    async def scenario(store: Store) -> None:
        await keep(store, entry("1"))

    with cluster(tmp_path / "nats", 1) as nodes:
        on_cluster = settings(tmp_path, nodes, replicas=1)
        before = list(check_nats_store(on_cluster))
        use(on_cluster.gateway.data, scenario)
        store, left = check_nats_store(on_cluster)

    assert [(result.check, result.status) for result in before] == [("store", "ok")]
    assert (store.status, left.status) == ("ok", "advice")
    assert "holds undelivered events: 1, dead letters: 0" in left.reason
    assert left.advice.endswith(f"springhead gateway move --to {on_cluster.store.url}")


@pytest.mark.slow
def test_a_cluster_without_a_majority_cannot_be_written(tmp_path: Path) -> None:
    """Although the server that is left answers what it is asked."""
    with cluster(tmp_path / "nats") as nodes:
        on_cluster = settings(tmp_path, nodes)
        (before,) = check_nats_store(on_cluster)
        for node in nodes[1:]:
            node.stop()
        (after,) = check_nats_store(on_cluster)

    assert (before.status, after.status) == ("ok", "problem")
