"""Runs the `springhead` command line: in this process, or in one of its own on a terminal or until a signal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from typer.testing import CliRunner

from springhead.cli.commands import app
from springhead.gateway.storage.records import DeadLetter, NewDeadLetter
from springhead.gateway.storage.sqlite import SqliteStore
from support.servers import SPRINGHEAD
from support.stores import call, letters, rows, use


@dataclass(frozen=True)
class Completed:
    """A command that has ended."""

    stdout: str
    stderr: str
    returncode: int


def run_pytest(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the plugin of `springhead[testing]` only: loading all others takes seconds."""
    command = [sys.executable, "-m", "pytest", "-p", "pytest_snapshot.plugin", "-p", "no:cacheprovider"]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment}
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def springhead(folder: Path, *arguments: str) -> Completed:
    """Run a command in this process, with `folder` as the current one and no terminal.

    A server gets a process of its own, because it changes the logging, stderr and signals of its process.
    """
    if arguments[0] == "serve":
        command = [SPRINGHEAD, *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
        return Completed(done.stdout, done.stderr, done.returncode)
    logging = structlog.get_config()
    try:
        with chdir(folder):
            result = CliRunner().invoke(app, arguments)
    finally:
        structlog.configure(**logging)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Completed(result.stdout, result.stderr, result.exit_code)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command as a process, which has ended after the block."""
    with subprocess.Popen(
        [SPRINGHEAD, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def on_terminal(folder: Path, *arguments: str, typed: bytes) -> Completed:
    """Run a command whose input is a terminal at which this is typed."""
    main, terminal = pty.openpty()
    try:
        os.write(main, typed)
        command = [SPRINGHEAD, *arguments]
        done = subprocess.run(command, cwd=folder, stdin=terminal, capture_output=True, text=True, check=False)
    finally:
        os.close(terminal)
        os.close(main)
    return Completed(done.stdout, done.stderr, done.returncode)


def json_lines(text: str) -> list[dict[str, Any]]:
    """The objects of JSON lines; other lines are left out."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@dataclass(frozen=True)
class GatewayFolder:
    """The folder of a gateway that does not run: its settings and its store."""

    path: Path

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self.path / "springhead.toml"

    @property
    def data(self) -> Path:
        """The folder of its store."""
        return self.path / "springhead-data"

    def run(self, *arguments: str) -> Completed:
        """Run a command in the folder."""
        return springhead(self.path, *arguments)

    def add(self, *dead_letters: NewDeadLetter, body: bytes = b"[]") -> None:
        """Put dead letters into the store, which is made if there is none."""

        async def scenario(store: SqliteStore) -> None:
            await store.append([], dead_letters, call(body))

        use(self.data, scenario)

    def letters(self) -> list[DeadLetter]:
        """The dead letters in the store."""
        found: list[DeadLetter] = []

        async def scenario(store: SqliteStore) -> None:
            found.extend(await letters(store))

        use(self.data, scenario)
        return found

    def events(self) -> list[dict[str, Any]]:
        """The events in the store."""
        return [json.loads(event) for (event,) in rows(self.data, "SELECT event FROM body ORDER BY seq")]


def dead_letter(record: bytes = b'{"type": 7}', rule: str = "schema/type", **more: Any) -> NewDeadLetter:
    """A dead letter of the source `auth0`."""
    return NewDeadLetter(
        **{"source": "auth0", "rule": rule, "reason": "type must be text", "record": record} | more
    )
