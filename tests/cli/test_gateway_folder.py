"""What all commands for a gateway do about wrong settings, source folders and a store that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.commands import GatewayFolder, dead_letter, springhead
from support.folders import source_folder
from support.gateways import SOURCE, write_settings


@pytest.mark.parametrize(
    "command", [("gateway", "status"), ("dead", "list"), ("dead", "show", "1"), ("dead", "replay", "--all")]
)
def test_a_store_that_is_not_there_is_not_made(gateway: GatewayFolder, command: tuple[str, ...]) -> None:
    """A wrong path is an error, not an empty store."""
    done = gateway.run(*command)

    assert "there is no store in" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not gateway.data.exists()


@pytest.mark.parametrize(
    "command", [("gateway", "status"), ("gateway", "tail"), ("dead", "list"), ("dead", "drop", "1", "--yes")]
)
def test_missing_settings_end_every_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The file is named."""
    done = springhead(tmp_path, *command)

    assert "springhead.toml:1: there is no such file" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("command", [("serve", "gateway"), ("serve", "transformer"), ("gateway", "init")])
def test_a_folder_that_is_not_a_source_ends_a_command(gateway: GatewayFolder, command: tuple[str, ...]) -> None:
    """It was named, so going on without it would hide a mistake."""
    done = gateway.run(*command, "--folder", "nowhere")

    assert "source folder nowhere is not active (failed): nowhere has 1 problem:" in done.stderr
    assert "there is no folder nowhere" in done.stderr
    assert done.returncode == 2


def test_settings_may_name_source_folders(tmp_path: Path) -> None:
    """Relative to the file, for all commands; an unknown type is reported with its line."""
    source_folder(tmp_path / "sources", source={"name": "acme", "id": ["id"]})
    acme = {**SOURCE, "type": "acme", "name": "auth0"}
    gateway = GatewayFolder(tmp_path)
    write_settings(tmp_path, acme, gateway={"folders": ["sources/acme"]})
    gateway.add(dead_letter(b'{"id": 1}'))

    replayed = gateway.run("dead", "replay", "--all")
    write_settings(tmp_path, acme)
    unknown = gateway.run("serve", "gateway")

    assert replayed.stdout == "1  gone  1 event (track)\n"
    assert "springhead.toml:3: [[source]] 1 type: no active source 'acme'" in unknown.stderr
    assert unknown.returncode == 2
