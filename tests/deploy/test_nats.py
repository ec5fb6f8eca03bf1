"""Servers with the configuration that is deployed form a cluster, and the image's gateway shares it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from support.gateways import LOG
from support.nats_nodes import SERVER, Node
from support.paths import ROOT
from support.servers import LOCAL, free_port, serving, until

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.nats.yaml").read_text())["services"]
KEYS = {
    "ADMIN_TOKEN": "the-token-of-the-operators",
    "AUTH0_WRITE_KEY": "the-write-key-of-the-sender",
    "AUTH0_DESTINATION_WRITE_KEY": "the-write-key-of-the-data-plane",
    "NATS_PASSWORD": "the-password-of-the-servers",
}


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Node]]:
    """The servers of the Compose file, with ports and folders of this machine."""
    monkeypatch.setenv("NATS_PASSWORD", KEYS["NATS_PASSWORD"])
    nodes = [Node(f"nats-{number}", tmp_path / f"nats-{number}") for number in range(3)]
    config = (DEPLOY / "nats" / "nats.conf").read_text()
    for node in nodes:
        config = config.replace(f"{node.name}:6222", f"127.0.0.1:{node.route}")
    for node in nodes:
        own = config.replace("$NATS_NAME", node.name).replace("/data", str(node.folder / "data"))
        for port, free in ((4222, node.port), (6222, node.route), (8222, node.monitor)):
            own = own.replace(f"0.0.0.0:{port}", f"127.0.0.1:{free}")
        node.folder.mkdir()
        (node.folder / "nats.conf").write_text(own)
    with started(nodes):
        yield nodes


@contextmanager
def started(nodes: list[Node]) -> Iterator[None]:
    """Run servers until the end of the block."""
    with ExitStack() as stack:
        for node in nodes:
            stack.callback(node.stop)
            node.start()
        for node in nodes:
            node.wait()
        yield


def test_the_configuration_is_one_that_the_server_takes(tmp_path: Path) -> None:
    """As it stands, with the variables that Compose sets."""
    config = tmp_path / "nats.conf"
    config.write_text((DEPLOY / "nats" / "nats.conf").read_text().replace("/data", str(tmp_path)))

    done = subprocess.run(
        [SERVER, "-t", "-c", str(config)],
        env={"NATS_NAME": "nats-0", "NATS_PASSWORD": KEYS["NATS_PASSWORD"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert COMPOSE["nats-0"]["command"] == ["--config", "/etc/nats/nats.conf"]


@pytest.mark.slow
def test_gateways_with_the_variables_of_compose_share_the_servers(tmp_path: Path, nodes: list[Node]) -> None:
    """With the deployed settings: what one accepts, both count."""
    settings = (DEPLOY / "settings" / "springhead.toml").read_text()
    settings = settings.replace("https://dataplane.example.com", f"http://127.0.0.1:{free_port()}")
    with ExitStack() as stack:
        servers = []
        for name in ("gateway-0", "gateway-1"):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "springhead.toml").write_text(settings.replace("/var/lib/springhead", str(folder)))
            environ = {**variables(name, nodes), "SPRINGHEAD_GATEWAY__ADMIN": f"127.0.0.1:{free_port()}"}
            server = stack.enter_context(serving(folder, "gateway", env=environ, cwd=folder))
            servers.append((server, environ["SPRINGHEAD_GATEWAY__ADMIN"]))
        url = f"{servers[0][0].url}/v1/webhook?writeKey={KEYS['AUTH0_WRITE_KEY']}"

        response = httpx.post(url, json=[dict(LOG)], **LOCAL)

        assert (response.status_code, response.text) == (200, "ok")
        headers = {"Authorization": f"Bearer {KEYS['ADMIN_TOKEN']}"}
        until(lambda: [undelivered(admin, headers) for _, admin in servers] == [1, 1])


def undelivered(admin: str, headers: dict[str, str]) -> int:
    """How many events wait, as a gateway says."""
    status = httpx.get(f"http://{admin}/api/status", headers=headers, **LOCAL).json()
    return sum(source["undelivered"] for source in status["sources"])


def variables(gateway: str, nodes: list[Node]) -> dict[str, str]:
    """The environment of a gateway of the Compose file, with the servers on this machine."""
    environ = {
        name: re.sub(r"\$\{(\w+):\?\}", lambda found: KEYS[found[1]], value)
        for name, value in COMPOSE[gateway]["environment"].items()
    }
    for node in nodes:
        url = environ["SPRINGHEAD_STORE__URL"]
        environ["SPRINGHEAD_STORE__URL"] = url.replace(f"{node.name}:4222", node.url.removeprefix("nats://"))
    return environ


@pytest.mark.skipif(shutil.which("wget") is None, reason="the check of a server's health is wget's")
def test_the_check_of_a_server_tells_whether_it_is_healthy(nodes: list[Node]) -> None:
    """By its exit code."""
    _, *check = COMPOSE["nats-0"]["healthcheck"]["test"]
    command = [word.replace("8222", str(nodes[0].monitor)) for word in check]

    healthy = subprocess.run(command, check=False).returncode
    nodes[0].stop()
    gone = subprocess.run(command, check=False).returncode

    assert (healthy, gone != 0) == (0, True)
