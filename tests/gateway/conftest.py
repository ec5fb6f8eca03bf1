"""A gateway and a cluster of NATS servers, shared by tests that leave them as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from support.folders import source_folder
from support.gateways import KEY, SOURCE, Gateway, gateway
from support.nats_nodes import Node, cluster, delete_streams
from support.webhooks import (
    ACME,
    ACME_KEY,
    AUTHORIZATION,
    GUARDED_KEY,
    NEW_AUTHORIZATION,
    NEW_KEY,
    ODD_KEY,
    OFF_KEY,
)


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with several sources, which accepts bodies of up to 100,000 bytes. It keeps what tests post."""
    folder = tmp_path_factory.mktemp("gateway")
    sources = (
        {**SOURCE, "write_key": [KEY, NEW_KEY, ODD_KEY]},
        {"name": "Off", "type": "auth0", "write_key": [OFF_KEY], "enabled": False},
        {
            "name": "Guarded",
            "type": "auth0",
            "write_key": [GUARDED_KEY],
            "authorization": [AUTHORIZATION, NEW_AUTHORIZATION],
        },
        {"name": "Acme", "type": "acme", "write_key": [ACME_KEY]},
    )
    sections: dict[str, dict[str, Any]] = {
        "limits": {"body": 100_000, "read_timeout": 1},
        "store": {"keep_requests": True},
    }
    with gateway(folder, *sources, folders=(source_folder(folder, **ACME),), **sections) as one:
        yield one


@pytest.fixture(scope="session")
def shared_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """Three NATS servers that form a cluster."""
    with cluster(tmp_path_factory.mktemp("nats")) as started:
        yield started


@pytest.fixture
def nodes(shared_nodes: list[Node]) -> Iterator[list[Node]]:
    """The cluster; the streams of a test are deleted when it ends."""
    yield shared_nodes
    asyncio.run(delete_streams(shared_nodes[0]))
