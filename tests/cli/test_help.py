"""What every command has in common: help with an example, and one line for an error."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.commands import springhead
from support.paths import ROOT
from support.servers import SPRINGHEAD

COMMANDS = [
    "sources",
    "transform",
    "new",
    "check",
    "test",
    "explain",
    "play",
    "coverage",
    "mutate",
    "docs",
    "diff",
    "serve transformer",
    "serve gateway",
    "gateway init",
    "gateway check",
    "gateway move",
    "gateway status",
    "gateway tail",
    "dead list",
    "dead show",
    "dead replay",
    "dead drop",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(tmp_path: Path, command: str) -> None:
    """It shows how the command is really used."""
    done = springhead(tmp_path, *command.split(), "--help")

    assert f"Example: springhead {command}" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("transform", "auht0"), "springhead: no active source 'auht0': did you mean auth0?\n"),
        (("transform", "auth0", "--set", "redact=all"), "redact is 'all': use one of off, secrets, pii"),
        (
            ("transform", "auth0", "--set", "extra_propertes=true"),
            "no setting 'extra_propertes': did you mean extra_properties?",
        ),
        (("transform", "auth0", "--set", "redact"), "--set 'redact' is not a setting: write NAME=VALUE"),
        (("transform", "auth0", "--header", "a=b"), "--header 'a=b' is not a header: write NAME:VALUE"),
        (("transform", "auth0", "--query", "a:b"), "--query 'a:b' is not a query value: write NAME=VALUE"),
        (("transform", "auth0", "."), ". has no request: there must be one of request.json"),
        (("transform", "auth0", "/nowhere/at/all"), "/nowhere/at/all: no such file or directory"),
        (("transform", "./nowhere"), "there is no folder nowhere"),
        (("transform",), "Missing argument"),
        (("play", "auht0"), "springhead: no active source 'auht0': did you mean auth0?\n"),
        (("check", "nothing"), "no active source 'nothing': "),
        (("nonsense",), "No such command"),
    ],
)
def test_a_usage_error_ends_with_its_reason_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    """It is never a traceback."""
    done = springhead(tmp_path, *arguments)

    assert reason in done.stderr
    assert done.returncode == 2


def test_version(tmp_path: Path) -> None:
    """It is the distribution's."""
    assert springhead(tmp_path, "--version").stdout.startswith("springhead 0.")


@pytest.mark.parametrize("command", ["--help", "sources", "sources --json", "check {auth0}"])
def test_output_that_cannot_be_written_ends_a_command(command: str) -> None:
    """With the reason in one line, and no traceback."""
    arguments = command.format(auth0=ROOT / "src" / "sources" / "auth0").split()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([SPRINGHEAD, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)

    assert (done.returncode, done.stderr) == (2, b"springhead: no space left on device\n")
