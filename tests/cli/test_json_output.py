"""docs/operating.md names every field of the JSON that commands and the API give to scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.admins import LOGIN, WRONG, admin_address
from support.commands import GatewayFolder, dead_letter, json_lines, springhead
from support.folders import source_folder
from support.paths import DOCS
from support.servers import LOCAL


def documented(*commands: str) -> set[str]:
    """The names in the tables of these commands."""
    tables = (DOCS / "operating.md").read_text().split("\n\n")
    chosen = [table for table in tables if table.startswith(tuple(f"| `{command}`" for command in commands))]
    assert len(chosen) == len(commands)
    return {name for table in chosen for name in re.findall(r"`([a-z_0-9]+)`", table)}


def fields(value: Any) -> Iterator[str]:
    """The names of all fields, at any depth; those of what was sent are left out."""
    if isinstance(value, list):
        for element in value:
            yield from fields(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            if name not in ("record", "event", "headers", "query"):
                yield from fields(member)


def test_the_fields_of_a_gateways_commands(gateway: GatewayFolder) -> None:
    """Of its status, its dead letters and what is checked."""
    gateway.add(dead_letter())
    checked = json_lines(gateway.run("gateway", "check", "--json").stdout)
    status, listed, shown = (
        json.loads(gateway.run(*command.split(), "--json").stdout)
        for command in ("gateway status", "dead list", "dead show 1")
    )

    assert {*fields(checked)} <= documented("springhead gateway check --json")
    assert {*fields(status)} <= documented("springhead gateway status --json")
    assert {*fields(listed)} <= documented("springhead dead list --json")
    assert {*fields(shown)} <= documented("springhead dead list --json", "springhead dead show ID --json")


def test_the_fields_of_an_authors_commands(tmp_path: Path) -> None:
    """Of a problem, and of the sources."""
    (source_folder(tmp_path) / "schema.json").unlink()
    problem = json.loads(springhead(tmp_path, "check", "acme", "--json").stdout)
    sources = json.loads(springhead(tmp_path, "sources", "--json").stdout)

    assert {*fields(problem)} <= documented("springhead check --json")
    assert {*fields(sources["plugins"])} <= documented("springhead sources --json")


@pytest.mark.slow
def test_the_fields_of_the_api(tmp_path: Path) -> None:
    """Of the status, a request in the stream, and the dead letters."""
    with admin_address(tmp_path) as admin:
        admin.post(LOGIN, WRONG)
        status, letters = admin.status(), admin.call("/api/dead").json()
        with httpx.stream("GET", f"{admin.url}/api/events", **LOCAL, timeout=30) as stream:
            lines = (line.removeprefix("data: ") for line in stream.iter_lines())
            request = next(json.loads(line) for line in lines if '"past"' in line)

    known = documented("GET /api/status", "springhead gateway status --json", "springhead gateway tail --json")
    assert {*fields(status)} <= known
    assert {*fields(letters)} <= documented("GET /api/dead", "springhead dead list --json")
    assert {*fields({**request, "events": []})} <= documented("springhead gateway tail --json")
