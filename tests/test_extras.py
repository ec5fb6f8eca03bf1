"""What is installed without an extra: the host and the author's commands; the servers ask for theirs."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.distributions import PROJECT, installed_for, link_distributions
from support.paths import ROOT


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of links to what `pip install springhead` installs, without an extra."""
    site = tmp_path_factory.mktemp("site")
    link_distributions(site)
    (site / "springhead").symlink_to(ROOT / "src")
    metadata = Path(str(importlib.metadata.distribution("springhead").locate_file("")))
    (info,) = metadata.glob("springhead-*.dist-info")
    (site / info.name).symlink_to(info)
    return site


def springhead(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing to import but a folder and the standard library."""
    command = [sys.executable, "-S", "-c", "from springhead.cli import main; main()", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(command, env=environment, cwd=site, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("sources",),
        ("check", str(ROOT / "src" / "sources" / "auth0")),
        ("transform", "auth0", str(ROOT / "examples" / "auth0.json")),
        ("test", "auth0", "-k", "identify"),
        ("serve", "gateway", "--help"),
    ],
)
def test_the_authors_commands_need_no_extra(bare: Path, arguments: tuple[str, ...]) -> None:
    """Neither does the help of the others."""
    done = springhead(bare, *arguments)

    assert "springhead[" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_embedding_needs_no_extra(bare: Path) -> None:
    """Neither a web framework nor a server is imported."""
    code = "import springhead.http as http; print(http.answer(http.BodyError(415, '', 'gzip')).status)"
    command = [sys.executable, "-S", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(bare)}

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("415\n", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "transformer"),
        ("serve", "gateway"),
        ("gateway", "init", "--type", "auth0"),
        ("gateway", "status"),
        ("gateway", "tail"),
        ("dead", "list"),
        ("play", "auth0"),
        ("new", "acme", "--from", str(ROOT / "examples" / "auth0.json")),
    ],
)
def test_a_command_that_lacks_its_extra_names_it(bare: Path, arguments: tuple[str, ...]) -> None:
    """In one line, with exit code 2."""
    done = springhead(bare, *arguments)

    extra = "testing" if arguments[0] == "new" else "gateway"
    assert re.fullmatch(
        rf"springhead: this command needs \w+: run pip install 'springhead\[{extra}\]'\n", done.stderr
    )
    assert done.returncode == 2


@pytest.mark.slow
def test_the_fixture_suite_names_its_extra(bare: Path) -> None:
    """It runs under pytest, which is not installed without it."""
    command = [sys.executable, "-S", "-c", "import springhead.testing"]
    environment = {**os.environ, "PYTHONPATH": str(bare)}

    done = subprocess.run(command, env=environment, cwd=bare, capture_output=True, text=True, check=False)

    assert "ImportError: springhead.testing needs pytest: pip install 'springhead[testing]'" in done.stderr


def test_what_comes_without_an_extra_is_light() -> None:
    """No server, no client, no settings library of ours is among it."""
    base = installed_for(list(PROJECT["dependencies"]))
    servers = installed_for(list(PROJECT["optional-dependencies"]["gateway"]))

    assert not base & {"starlette", "uvicorn", "httpx", "structlog", "prometheus-client", "pydantic-settings"}
    assert {"starlette", "uvicorn", "httpx", "structlog", "prometheus-client"} <= servers
