"""`make demo` is short, ends by itself, and lets a person at a terminal play."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.paths import ROOT
from support.servers import LOCAL

pytestmark = pytest.mark.slow

DEMO = [sys.executable, str(ROOT / "examples" / "demo.py")]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def test_it_runs_without_a_terminal() -> None:
    """As in CI, with the environment that runs the tests: one part below the other, the gateway's last."""
    installed = Path(sys.prefix) / ".installed"
    command = ["make", "--silent", f"VENV={sys.prefix}", "--old-file", str(installed), "demo"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    events, _, gateway = done.stdout.partition("A gateway answers ok")
    assert len(events.splitlines()) < 130
    signup, incident = re.split("^An incident at PagerDuty", events, flags=re.MULTILINE)
    came_in, came_out = re.split("^out$", signup, flags=re.MULTILINE)
    assert "an invented password" in came_in
    assert "an invented password" not in came_out
    assert '"type": "identify"' in came_out
    came_in, came_out = re.split("^out$", incident, flags=re.MULTILINE)
    assert '"event_type": "incident.acknowledged"' in came_in
    assert '"event": "Incident Acknowledged"' in came_out
    delivered = re.findall(r"^(\w+) +auth0\|", gateway, re.MULTILINE)
    assert sorted(delivered) == ["group", "identify", "track"]
    assert "400 /0/data/type: type must be text: it is a number" in gateway
    assert re.search(r"^1 .* auth0 +schema/type ", gateway, re.MULTILINE)


@pytest.mark.timeout(300)
def test_a_cluster_loses_nothing_when_a_server_and_a_gateway_are_killed() -> None:
    """What it prints at its end are the counts of what arrived."""
    installed = Path(sys.prefix) / ".installed-cluster"
    command = ["make", "--silent", f"VENV={sys.prefix}", "--old-file", str(installed), "demo-cluster"]

    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, problems = process.communicate()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)  # it ends what it started

    assert (process.returncode, problems) == (0, "")
    assert re.findall("kill -9 (.+)", printed) == ["nats-2", "gateway-2"]
    assert re.search(r"^ 4,000 events arrived", printed, re.MULTILINE)
    assert re.search(r"^ +0 are missing\n +0 of 40 users have events out of order$", printed, re.MULTILINE)


@dataclass
class Terminal:
    """A demo at a terminal."""

    process: subprocess.Popen[bytes]
    device: int
    printed: str = ""

    def read_until(self, pattern: str) -> re.Match[str]:
        """Read what it prints until that matches; fail at its end."""
        while (match := re.search(pattern, self.printed)) is None:
            self.printed += COLOURS.sub("", os.read(self.device, 65536).decode(errors="replace"))
        return match


@contextmanager
def at_terminal(width: int, *arguments: str) -> Iterator[Terminal]:
    """Run the demo at a terminal of this width; it is killed in the end if it still runs."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [*DEMO, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**environ, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(its)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)  # its gateway as well
        process.wait(30)
        os.close(ours)


def test_a_wide_terminal_shows_both_sides_and_takes_calls() -> None:
    """The call it offers is accepted as it stands, its event is printed, and Enter ends all."""
    with at_terminal(140) as terminal:
        call = shlex.split(terminal.read_until(r"(?m)^ +(curl .+)\r$")[1])
        assert re.search(r'(?m)^ +"date": .+ "originalTimestamp": ', terminal.printed)
        *_, data, url = call

        response = httpx.post(url, content=data, **LOCAL)

        assert response.text == "ok"
        terminal.read_until(r"track +auth0\|you +Success Login")
        os.write(terminal.device, b"\n")
        assert terminal.process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, content=data, **LOCAL)


def test_it_ends_by_itself_at_a_terminal() -> None:
    """Once nothing has come for so many seconds."""
    with at_terminal(80, "0.5") as terminal:
        terminal.read_until("0.5 seconds without an event")

        assert terminal.process.wait(60) == 0
