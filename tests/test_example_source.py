"""The example of a source in a package of its own, made by `springhead new`, works as any installed one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from springhead import Host
from support.commands import springhead
from support.distributions import link_distributions, write_distribution
from support.gateways import write_settings
from support.paths import ROOT
from support.servers import LOCAL, free_port, serving, until

EXAMPLE = ROOT / "examples" / "springhead-source-acme"
COMMAND = (
    *("new", "acme", "--package", "--from", str(ROOT / "examples" / "acme.json")),
    *("--header", "X-Acme-Delivery: d_1", "--header", f"X-Acme-Signature: sha256={'0' * 64}"),
)


def files(folder: Path) -> dict[str, str]:
    """The texts of the files in a folder, by path."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def test_the_example_is_what_the_command_writes(tmp_path: Path) -> None:
    """To the letter, so that the example never falls behind."""
    done = springhead(tmp_path, *COMMAND)

    assert done.returncode == 0, done.stderr
    assert files(EXAMPLE) == files(tmp_path / EXAMPLE.name)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment: both wheels as pip installs them, what they need, and three broken plugins."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for project in (ROOT, EXAMPLE):
        wheels = folder / "wheels" / project.name
        build = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(wheels),
            str(project),
        ]
        subprocess.run(build, capture_output=True, check=True)
        (wheel,) = wheels.glob("*.whl")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--quiet",
            "--python",
            str(folder),
            "install",
            "--no-deps",
            str(wheel),
        ]
        subprocess.run(pip, capture_output=True, check=True)
    link_distributions(site, "gateway", "testing")
    write_distribution(site, "springhead-source-broken", "import nothing_of_this_name", entry="broken")
    write_distribution(site, "springhead-source-claims", entry="auth0", source="auth0")
    write_distribution(site, "springhead-source-future", entry="future", source="future", api=99)
    return folder


def run(environment: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment."""
    program, *arguments = command
    return subprocess.run(
        [str(environment / "bin" / "python"), str(environment / "bin" / program), *arguments],
        env=without_plugin_settings(),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def without_plugin_settings() -> dict[str, str]:
    """The environment of this process, in which any installed plugin is used."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SPRINGHEAD_")}


@pytest.mark.slow
def test_it_is_discovered_beside_broken_plugins(environment: Path, tmp_path: Path) -> None:
    """One fails on import, one claims a name that is taken, one is of a future version; it is active."""
    done = run(environment, tmp_path, "springhead", "sources", "--json")

    plugins = json.loads(done.stdout)["plugins"]
    statuses = {f"{plugin['distribution']}:{plugin['name']}": plugin["status"] for plugin in plugins}
    unharmed = {f"springhead:{name}" for name in Host().sources if name != "auth0"}
    assert {name: status for name, status in statuses.items() if name not in unharmed} == {
        "springhead-source-acme:acme": "active",
        "springhead-source-broken:broken": "failed",
        "springhead-source-claims:auth0": "conflict",
        "springhead-source-future:future": "incompatible",
        "springhead:auth0": "conflict",
    }
    assert {statuses[name] for name in unharmed} <= {"active"}


@pytest.mark.slow
def test_its_own_tests_pass(environment: Path) -> None:
    """With the three lines that the command wrote; the command finds the same."""
    pytest_ = [str(environment / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    under_pytest = subprocess.run(
        pytest_, env=without_plugin_settings(), cwd=EXAMPLE, capture_output=True, text=True, check=False
    )
    by_command = run(environment, EXAMPLE, "springhead", "test", "acme")

    assert "1 passed" in under_pytest.stdout, under_pytest.stdout + under_pytest.stderr
    assert by_command.stderr == "1 case passed, 0 failed\n"


@pytest.mark.slow
def test_it_is_served(environment: Path, tmp_path: Path) -> None:
    """A gateway takes a post to it, and delivers the event."""
    source = {"name": "Acme", "type": "acme", "write_key": ["key-of-the-acme-tenant"]}
    fixture = EXAMPLE / "tests" / "fixtures" / "acme" / "acme"
    options = {"program": str(environment / "bin" / "springhead"), "env": without_plugin_settings()}
    port = free_port()
    config = write_settings(tmp_path, source, gateway={"port": port, "admin": f"127.0.0.1:{free_port()}"})
    delivered = tmp_path / "delivered.jsonl"

    with serving(tmp_path, "gateway", "--config", str(config), port=port, **options) as server:
        url = f"{server.url}/v1/webhook?writeKey=key-of-the-acme-tenant"
        response = httpx.post(url, content=(fixture / "request.json").read_bytes(), **LOCAL)
        event = json.loads(until(lambda: delivered.read_bytes() if delivered.exists() else b""))

    assert response.text == "ok"
    assert (event["event"], event["properties"]["revenue"]) == ("order.paid", 19.99)
