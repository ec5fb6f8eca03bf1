"""The transformer as a process: its limits, its workers, and the signals it gets."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.arrays import ARRAY, post
from support.described import assert_described
from support.servers import SPRINGHEAD, Server, serving, until


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes arrays of up to 100,000 bytes."""
    with serving(tmp_path_factory.mktemp("small"), "transformer", "--body-limit", "100000") as one:
        yield one


def head(*lines: str) -> bytes:
    """The head of an HTTP request that posts an array."""
    return "\r\n".join(["POST /v2/sources/auth0 HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def test_a_body_that_is_announced_too_long_is_refused_at_once(small: Server) -> None:
    """Before a byte of it has come in."""
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as wire:
        wire.sendall(head("Content-Length: 100001", "Connection: close"))

        answer = b"".join(iter(lambda: wire.recv(10_000), b""))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"the body is longer than 100,000 bytes" in answer


def test_a_body_that_grows_too_long_is_refused_while_it_comes_in(small: Server) -> None:
    """Its end is not waited for: there may be none."""
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as wire:
        wire.sendall(head("Transfer-Encoding: chunked", "Content-Type: application/json"))
        with contextlib.suppress(ConnectionError):
            for _ in range(30):
                wire.sendall(b"1388\r\n" + b" " * 5000 + b"\r\n")

        answer = wire.recv(10_000)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_inflates_too_long_is_refused(small: Server) -> None:
    """A thousandth of its size comes over the wire."""
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")

    response = post(small, bomb, headers={"Content-Encoding": "gzip"})

    assert response.status_code == 413


def test_slow_and_half_closed_connections_hold_nobody_up(small: Server) -> None:
    """A hundred callers that never finish their bodies, and as many that hang up in the middle."""
    wires = [socket.create_connection(("127.0.0.1", small.port), timeout=10) for _ in range(200)]
    for number, wire in enumerate(wires):
        wire.sendall(head("Content-Length: 1000", "Content-Type: application/json") + b"[")
        if number % 2:
            wire.shutdown(socket.SHUT_WR)

    assert post(small).json()[0]["output"]["batch"]
    for wire in wires:
        wire.close()
    assert post(small).json()[0]["output"]["batch"]


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    """And the others answer meanwhile."""
    with serving(tmp_path, "transformer", "--workers", "2") as server:
        before = set(server.workers())
        os.kill(min(before), signal.SIGKILL)

        assert post(server).status_code == 200
        until(lambda: len(set(server.workers()) - before) == 1 and len(server.workers()) == 2)
        assert max(before) in server.workers()


@pytest.mark.slow
def test_workers_that_die_one_after_another_are_replaced(tmp_path: Path) -> None:
    """The server never gives up its address."""
    with serving(tmp_path, "transformer") as server:
        for _ in range(3):
            (worker,) = server.workers()
            os.kill(worker, signal.SIGKILL)

            assert post(server).json()[0]["output"]["batch"]


def test_a_terminal_that_goes_away_ends_no_server(small: Server) -> None:
    """It may have been started on one."""
    workers = small.workers()

    for pid in (small.process.pid, *workers):
        os.kill(pid, signal.SIGHUP)

    assert post(small).json()[0]["output"]["batch"]
    assert small.workers() == workers


def test_a_peer_that_hangs_up_ends_no_server(small: Server) -> None:
    """Writing to a connection that is closed is an error of that connection: SIGPIPE ends filters only."""
    workers = small.workers()

    for pid in (small.process.pid, *workers):
        os.kill(pid, signal.SIGPIPE)

    assert post(small).json()[0]["output"]["batch"]
    assert small.workers() == workers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_finish(tmp_path: Path, number: signal.Signals) -> None:
    """The response comes whole, nobody new is served, and the exit code is 0."""
    with serving(tmp_path, "transformer") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as wire:
            wire.sendall(head(f"Content-Length: {len(ARRAY)}", "Expect: 100-continue"))
            assert wire.recv(100).startswith(b"HTTP/1.1 100 ")  # the app reads: the request is in flight

            server.process.send_signal(number)
            until(lambda: not is_listening(server.port))
            wire.sendall(ARRAY)

            answer = b"".join(iter(lambda: wire.recv(100_000), b""))
        assert server.process.wait(60) == 0

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])[0]["output"]["batch"]


def is_listening(port: int) -> bool:
    """Whether somebody can connect."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionError:
        return False
    return True


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits only for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Nothing holds the port then."""
    with serving(tmp_path, "transformer") as server:
        (worker,) = server.workers()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()

        until(lambda: has_ended(worker))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--upstream", "transformer:9090"), b"'transformer:9090' is not a URL: name the upstream as in"),
        (("--rejected", "/nowhere/at/all"), b"/nowhere/at/all: no such file or directory"),
        (("--port", "0"), b"Invalid value for '--port'"),
        (("--host", "192.0.2.1"), b"cannot listen on 192.0.2.1:9090: cannot assign requested address; choose"),
        (("--log-format", "xml"), b"'xml' is not one of 'json', 'console'"),
    ],
)
def test_wrong_options_are_told_at_the_start(arguments: tuple[str, ...], reason: bytes) -> None:
    """In one line, with exit code 2, before anything listens."""
    done = subprocess.run(
        [SPRINGHEAD, "serve", "transformer", *arguments], capture_output=True, check=False, timeout=60
    )

    assert reason in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode == 2


def test_a_port_that_is_taken_is_told(small: Server) -> None:
    """With the address, and exit code 2."""
    command = [SPRINGHEAD, "serve", "transformer", "--port", str(small.port)]

    done = subprocess.run(command, capture_output=True, check=False, timeout=60)

    reason = f"cannot listen on 127.0.0.1:{small.port}: another process listens there; stop it"
    assert reason.encode() in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode == 2


@pytest.mark.slow
def test_the_description_is_true(small: Server) -> None:
    """Schemathesis calls the running server as its OpenAPI description says, and nearly so."""
    assert_described(small.url, checks=("positive_data_acceptance",), phases="examples,fuzzing")


def test_a_body_that_is_cut_off_is_refused(small: Server) -> None:
    """A caller that stops sending may still listen; a 5xx would make it post the same again."""
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as wire:
        wire.sendall(head("Content-Length: 1000", "Content-Type: application/json") + b"[")
        wire.shutdown(socket.SHUT_WR)

        answer = wire.recv(10_000)

    assert answer.startswith(b"HTTP/1.1 400 ")
