"""The stores that every test beside this file is run with."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from support.nats_nodes import Node
from support.stores import Backend, NatsBackend, SqliteBackend


@pytest.fixture(params=["sqlite", "nats"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty place for a store of each kind."""
    if request.param == "sqlite":
        return SqliteBackend(tmp_path)
    started: list[Node] = request.getfixturevalue("nodes")
    return NatsBackend(tuple(node.url for node in started), f"test-{uuid.uuid4().hex}", tmp_path)
