"""The stores that every test beside this file is run with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.nats_nodes import Node, cluster
from support.stores import Backend, NatsBackend, SqliteBackend


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """Three NATS servers that form a cluster."""
    with cluster(tmp_path_factory.mktemp("nats")) as started:
        yield started


@pytest.fixture(params=["sqlite", "nats"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty place for a store of each kind."""
    if request.param == "sqlite":
        return SqliteBackend(tmp_path)
    started: list[Node] = request.getfixturevalue("nodes")
    return NatsBackend(tuple(node.url for node in started), f"test-{uuid.uuid4().hex}", tmp_path)
