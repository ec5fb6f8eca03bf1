"""The stores that every test beside this file is run with."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.stores import Backend, SqliteBackend


@pytest.fixture(params=[SqliteBackend], ids=["sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty place for a store of each kind."""
    made: Backend = request.param(tmp_path)
    return made
