"""`springhead gateway status`, with a real store and a server that runs or does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from springhead.gateway.storage.sqlite import SqliteStore
from support.commands import GatewayFolder, dead_letter, springhead
from support.feeds import feed
from support.gateways import SOURCE, write_settings
from support.gateways import gateway as running_gateway
from support.servers import free_port
from support.stores import entry, use


def test_the_store_is_reported_whether_or_not_a_server_runs(gateway: GatewayFolder) -> None:
    """Each source's undelivered events and dead letters, former sources included; exit code 1 is not ready."""

    async def scenario(store: SqliteStore) -> None:
        entries = [entry(str(number)) for number in range(3)]
        await store.append(entries, [dead_letter(), dead_letter(source="old [b]shop[/b]")], None)

    use(gateway.data, scenario)

    people = gateway.run("gateway", "status")
    scripts = json.loads(gateway.run("gateway", "status", "--json").stdout)

    lines = [line.split() for line in people.stdout.splitlines()]
    assert "does not answer (ConnectError)" in people.stdout
    assert ["auth0", "auth0", "enabled", "3", "1"] in lines
    assert "old [b]shop[/b]" in people.stdout
    assert (people.returncode, people.stderr) == (1, "")
    assert (scripts["undelivered"], scripts["dead_letters"], scripts["server"]["ready"]) == (3, 2, False)
    assert scripts["oldest_undelivered_seconds"] >= 0
    assert scripts["store"]["bytes"] > 0
    assert [source["state"] for source in scripts["sources"]] == ["enabled", "not in the settings"]


@pytest.mark.slow
def test_a_running_gateway_is_ready(tmp_path: Path) -> None:
    """Exit code 0 says so to scripts."""
    with running_gateway(tmp_path) as server:
        done = springhead(tmp_path, "gateway", "status")

    assert f"{server.url} is ready\nnothing waits to be delivered\n" in done.stdout
    assert done.returncode == 0


def test_the_url_for_senders_is_shown(tmp_path: Path) -> None:
    """As they see it, if that is not where the gateway listens."""
    write_settings(
        tmp_path, SOURCE, gateway={"public_url": "https://hooks.example.com/in/", "port": free_port()}
    )
    folder = GatewayFolder(tmp_path)
    folder.add()

    people, scripts = folder.run("gateway", "status"), folder.run("gateway", "status", "--json")

    assert "\nsenders post to https://hooks.example.com/in/v1/webhook\n" in people.stdout
    assert json.loads(scripts.stdout)["server"]["webhook"] == "https://hooks.example.com/in/v1/webhook"


@pytest.mark.slow
def test_the_url_and_the_destination_in_force_are_shown(tmp_path: Path) -> None:
    """Those in the file may be meant for the next start."""
    with running_gateway(tmp_path, gateway={"public_url": "https://old.example.com"}):
        file = tmp_path / "springhead.toml"
        text = file.read_text().replace("old.example.com", "new.example.com")
        file.write_text(f'{text}\n[delivery]\nto = "file:new.jsonl"\n')
        people = springhead(tmp_path, "gateway", "status")
        scripts = json.loads(springhead(tmp_path, "gateway", "status", "--json").stdout)

    assert "\nsenders post to https://old.example.com/v1/webhook\n" in people.stdout
    assert scripts["server"]["webhook"] == "https://old.example.com/v1/webhook"
    assert scripts["destination"]["to"].endswith("delivered.jsonl")


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (200, "is not the admin address of this gateway: another service answers"),
        (404, "does not report its status: it answers 404"),
    ],
)
def test_another_service_at_the_admin_address_is_named(tmp_path: Path, status: int, problem: str) -> None:
    """It answers, but not as a gateway does."""
    with feed([b"data: {}\n\n"], [b""], [], status=status) as other:
        admin = f"127.0.0.1:{other.port}"
        write_settings(tmp_path, SOURCE, gateway={"port": free_port(), "admin": admin})
        folder = GatewayFolder(tmp_path)
        folder.add()
        people = folder.run("gateway", "status")
        scripts = folder.run("gateway", "status", "--json")

    assert f"{admin} {problem}\n" in people.stdout
    assert json.loads(scripts.stdout)["server"]["admin_problem"] == f"{admin} {problem}"
    assert (people.returncode, people.stderr) == (1, "")
