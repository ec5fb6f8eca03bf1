"""`springhead gateway tail` shows events as a gateway accepts them, until it is told to end."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.commands import running, springhead
from support.feeds import accepted, feed, message
from support.gateways import SOURCE, write_settings
from support.servers import SPRINGHEAD, free_port, until

pytestmark = pytest.mark.slow


def configure(folder: Path, admin_port: int, **section: str) -> None:
    """Write the settings of a gateway with this admin address and one source: `auth0`."""
    gateway = {"admin": f"127.0.0.1:{admin_port}", **section}
    write_settings(folder, {**SOURCE, "name": "auth0"}, gateway=gateway)


def tail_lines(folder: Path, count: int, *arguments: str, end: signal.Signals = signal.SIGINT) -> list[str]:
    """Read lines of `tail`, end it by a signal, and expect a quiet end with exit code 0."""
    with running(folder, "gateway", "tail", *arguments) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode().removesuffix("\n") for _ in range(count)]
        process.send_signal(end)
        rest, errors = process.communicate()
    assert (process.returncode, rest) == (0, b"")
    assert errors in (b"", f"{errors.decode().partition(' ')[0]} does not answer: waiting for it\n".encode())
    return lines


def head(folder: Path, command: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell command that reads one line of `tail`."""
    return subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, check=False)


def test_a_line_is_an_event_or_a_rejection(tmp_path: Path) -> None:
    """Remembered requests come first, and each request once, also after a connection that broke."""
    rejections = [{"rule": "schema/type", "pointer": "/0/type", "reason": "type must be text"}]
    hidden: dict[str, Any] = {"accepted": 2, "rejections": rejections}
    first = [accepted(1.0, "A", past=True), accepted(2.0, "B", "C"), accepted(3.0, **hidden)]
    second = [accepted(3.0, past=True, **hidden), accepted(4.0, "D", past=True), accepted(5.0, "\x1b[2J")]
    with feed(first, second) as server:
        configure(tmp_path, server.port, admin_token="an-invented-token")  # noqa: S106 - it opens nothing
        lines = tail_lines(tmp_path, 7)

    assert server.asked == [("/api/events", "Bearer an-invented-token")] * 2
    assert lines == [
        "1970-01-01T00:00:01Z  auth0  track     A  auth0|1",
        "1970-01-01T00:00:02Z  auth0  track     B  auth0|1",
        "1970-01-01T00:00:02Z  auth0  track     C  auth0|1",
        "1970-01-01T00:00:03Z  auth0  and 2 events too many or too long to be shown",
        "1970-01-01T00:00:03Z  auth0  rejected  schema/type  /0/type: type must be text",
        "1970-01-01T00:00:04Z  auth0  track     D  auth0|1",
        r"1970-01-01T00:00:05Z  auth0  track     \x1b[2J  auth0|1",
    ]


def test_duplicates_are_marked(tmp_path: Path) -> None:
    """Each event, and how many of those that are not shown."""
    retry = accepted(1.0, "A", "B", accepted=30, duplicates=25, duplicate_events=[1])
    with feed([retry, accepted(2.0, "C", duplicates=0, duplicate_events=[])]) as server:
        configure(tmp_path, server.port)
        lines = tail_lines(tmp_path, 4)

    assert [line.partition("auth0  ")[2] for line in lines] == [
        "track     A  auth0|1",
        "track     B  auth0|1  (duplicate)",
        "and 28 events too many or too long to be shown, 24 of them duplicates",
        "track     C  auth0|1",
    ]


def test_a_stream_may_come_in_any_pieces(tmp_path: Path) -> None:
    """Cut anywhere, with other events, comments and CRLF; U+2028 in a text does not end a line."""
    stream = b"".join(
        (b": hello\n\nevent: status\ndata: 7\n\n", accepted(1.0, "a\u2028b"), accepted(2.0, "Zoë"))
    ).replace(b"\n", b"\r\n")
    with feed([stream[at : at + 7] for at in range(0, len(stream), 7)]) as server:
        configure(tmp_path, server.port)
        lines = tail_lines(tmp_path, 2, "--json")

    assert [json.loads(line)["events"][0]["event"] for line in lines] == ["a\u2028b", "Zoë"]


def test_other_sources_are_left_out(tmp_path: Path) -> None:
    """With `--source`."""
    with feed([accepted(1.0, "A", source="other"), accepted(2.0, "B")]) as server:
        configure(tmp_path, server.port)
        (line,) = tail_lines(tmp_path, 1, "--source", "auth0")

    assert "track     B" in line


def test_what_the_stream_skips_is_counted(tmp_path: Path) -> None:
    """On stderr."""
    with feed([message("skipped", {"requests": 7}), *[accepted(1.0, "A")] * 100]) as server:
        configure(tmp_path, server.port)
        done = head(tmp_path, f"{SPRINGHEAD} gateway tail 2>&1 | head -1")

    assert done.stdout == b"7 requests came too fast to be shown\n"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_quietly(tmp_path: Path, end: signal.Signals) -> None:
    """A person's Ctrl-C, and what a supervisor sends."""
    with feed([accepted(1.0, "A")]) as server:
        configure(tmp_path, server.port)

        (line,) = tail_lines(tmp_path, 1, end=end)

    assert "track     A" in line


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    """`springhead gateway tail | head -1`."""
    with feed([accepted(float(at), "A") for at in range(100)]) as server:
        configure(tmp_path, server.port)
        done = head(tmp_path, f"{SPRINGHEAD} gateway tail | head -1")

    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def test_it_waits_for_a_server_and_says_so_once(tmp_path: Path) -> None:
    """It may be started first, and tries again and again."""
    port = free_port()
    configure(tmp_path, port)
    with running(tmp_path, "gateway", "tail") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        warning = process.stderr.readline()
        with feed([], [], [accepted(1.0, "A")], status=503, port=port) as server:
            until(lambda: len(server.asked) == 2)
            server.status = 200
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest = process.communicate()

    assert warning == f"127.0.0.1:{port} does not answer: waiting for it\n".encode()
    assert b"track     A" in line
    assert (rest, process.returncode) == ((b"", b""), 0)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "refuses the admin_token of these settings"),
        (404, "is it this gateway's admin address?"),
    ],
)
def test_it_gives_up_if_waiting_changes_nothing(tmp_path: Path, status: int, reason: str) -> None:
    """A wrong token, or the address of something else."""
    with feed(status=status) as server:
        configure(tmp_path, server.port)
        done = springhead(tmp_path, "gateway", "tail")

    assert reason in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_another_service_at_the_admin_address_ends_it(tmp_path: Path) -> None:
    """Its page is not a stream of events, and would never become one."""
    with feed([b"<html>"], content_type="text/html") as other:
        configure(tmp_path, other.port)
        done = springhead(tmp_path, "gateway", "tail")

    reason = "has no stream of events: is it this gateway's admin address?"
    assert done.stderr == f"springhead: 127.0.0.1:{other.port} {reason}\n"
    assert done.returncode == 2
