"""Fixtures of the commands for a gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commands import GatewayFolder
from support.gateways import SOURCE, write_settings
from support.servers import free_port


@pytest.fixture
def gateway(tmp_path: Path) -> GatewayFolder:
    """A gateway that does not run, with one source: `auth0`."""
    addresses = {"port": free_port(), "admin": f"127.0.0.1:{free_port()}"}
    write_settings(tmp_path, {**SOURCE, "name": "auth0"}, gateway=addresses)
    return GatewayFolder(tmp_path)
