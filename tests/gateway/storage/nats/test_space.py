"""What a cluster does with its room."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore
from springhead.gateway.storage.records import StoreUnusable
from support.nats_nodes import Node, cluster

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000


def options(nodes: list[Node], folder: Path, **more: Any) -> NatsOptions:
    """A store of ten megabytes, five of them for ids, and some for dead letters."""
    limits = {"max_bytes": 10 * MEGABYTE, "dead_letter_bytes": 4 * MEGABYTE, **more}
    return NatsOptions(tuple(node.url for node in nodes), folder=folder, **limits)


def test_streams_that_do_not_fit_are_refused_at_the_start(tmp_path: Path) -> None:
    """JetStream reserves the room, so that it does not run out later."""
    with cluster(tmp_path / "nats", 1, room="40MB") as nodes:
        too_large = options(nodes, tmp_path, replicas=1, max_bytes=50 * MEGABYTE)

        with pytest.raises(StoreUnusable) as error:
            asyncio.run(NatsStore(too_large).open())

    assert str(error.value).startswith("the stream springhead-events cannot be made: insufficient storage")
    assert "check store.replicas, store.max_bytes and store.keep_bytes" in str(error.value)
