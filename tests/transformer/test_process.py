"""The transformer as a process: its limits, workers, signals, metrics, and what is behind it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from springhead import Host, Outcome, Request
from springhead.core.host import Receiver
from springhead.transformer import TransformerOptions, transformer_app
from support.described import assert_described
from support.servers import SPRINGHEAD, Server, free_port, serving

LOG = json.dumps({"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}})
ARRAY = json.dumps([{"request": {"body": LOG}}]).encode()


def post(server: Server, body: bytes = ARRAY, source: str = "auth0", **more: Any) -> httpx.Response:
    """Post an array."""
    headers = {"Content-Type": "application/json"} | more.pop("headers", {})
    url = f"{server.url}/v2/sources/{source}"
    return httpx.post(url, content=body, headers=headers, trust_env=False, timeout=30, **more)


def counted(server: Server) -> dict[str, float]:
    """The server's metrics by name and labels."""
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


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
        wire.sendall(head("Content-Length: 100001", "Content-Type: application/json"))

        answer = wire.recv(10_000)

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

    started = time.monotonic()
    response = post(small)

    for wire in wires:
        wire.close()
    assert response.json()[0]["output"]["batch"]
    assert time.monotonic() - started < 5
    assert post(small).status_code == 200


@pytest.mark.slow
def test_an_idle_connection_is_kept_longer_than_rudder_server_keeps_it(small: Server) -> None:
    """rudder-server drops it after 5 s; a server that drops it first makes it lose a request."""
    with httpx.Client(base_url=small.url, trust_env=False) as client:
        client.get("/health")
        time.sleep(6)
        with socket.socket() as taken:  # a port of its own, so that none is met again by chance
            taken.bind(("127.0.0.1", 0))
            client.get("/health")
        pool = client._transport._pool  # type: ignore[attr-defined] # noqa: SLF001 - how often it connected is told nowhere else

    assert len(pool.connections) <= 1
    assert "UNKNOWN" not in repr(pool)


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    """And the others answer meanwhile."""
    with serving(tmp_path, "transformer", "--workers", "2") as server:
        before = set(server.workers())
        time.sleep(0.5)
        os.kill(min(before), signal.SIGKILL)

        until = time.monotonic() + 15
        while len(set(server.workers()) - before) < 1 or len(server.workers()) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)

        assert post(server).status_code == 200


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
    time.sleep(0.2)

    assert post(small).json()[0]["output"]["batch"]
    assert small.workers() == workers


@pytest.mark.slow
def test_a_signal_lets_what_is_in_flight_finish(tmp_path: Path) -> None:
    """The answer comes whole, and the exit code is 0."""
    array = json.dumps([{"request": {"body": LOG}}] * 100_000).encode()
    with serving(tmp_path, "transformer") as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(post, server, array)
        time.sleep(0.4)
        assert not answer.done()

        code = server.stop()

        assert len(answer.result().json()) == 100_000
        assert code == 0


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Nothing holds the port then."""
    with serving(tmp_path, "transformer") as server:
        (worker,) = server.workers()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)

        until = time.monotonic() + 10
        while (
            Path(f"/proc/{worker}").exists()
            and "Z" not in Path(f"/proc/{worker}/stat").read_text().split(")")[1]
        ):
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "3"])
def test_metrics_count_what_was_answered(tmp_path: Path, workers: str) -> None:
    """By source, and whichever worker is asked, of all of them together."""
    mixed = json.dumps(
        [{"request": {"body": json.dumps([{"type": "s"}, {"type": "ss", "user_id": "1"}, {"type": 7}, 8])}}, {}]
    )
    with serving(tmp_path, "transformer", "--workers", workers) as server:
        for _ in range(20):
            post(server, mixed.encode())
            post(server, source="nobody")
        post(server, b"{")

        found = counted(server)

    assert found['springhead_requests_total{source="auth0",status="200"}'] == 20
    assert found['springhead_requests_total{source="auth0",status="400"}'] == 1
    assert found['springhead_elements_total{source="auth0"}'] == 40
    assert found['springhead_elements_total{source="unknown"}'] == 20
    assert found['springhead_events_total{source="auth0",type="track"}'] == 20
    assert found['springhead_events_total{source="auth0",type="identify"}'] == 20
    assert found['springhead_rejections_total{rule="schema/type",source="auth0"}'] == 20
    assert found['springhead_rejections_total{rule="item/object",source="auth0"}'] == 20
    assert found['springhead_request_seconds_count{source="auth0"}'] == 20
    assert found['springhead_request_bytes_sum{source="auth0"}'] == 20 * len(mixed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--upstream", "transformer:9090"), b"'transformer:9090' is no upstream: give a URL such as"),
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


class Behind(BaseHTTPRequestHandler):
    """A small upstream that says what it was asked."""

    protocol_version = "HTTP/1.1"
    features: ClassVar[dict[str, Any]] = {"routerTransform": {"HS": True}, "upgradedToSourceTransformV2": False}

    def do_GET(self) -> None:
        """Answer a call."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path == "/features":
            self.answer(200, json.dumps(self.features).encode())
        elif self.path == "/slow":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (b"first", b"second"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
                time.sleep(1)
            self.wfile.write(b"0\r\n\r\n")
        else:
            said = {
                "method": self.command,
                "path": self.path,
                "body": body.decode("latin-1"),
                "x": self.headers["X-A"],
            }
            self.answer(418, json.dumps(said).encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def answer(self, status: int, body: bytes) -> None:
        """Write an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Behind", "yes")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an upstream behind it."""
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{behind.server_port}"
    with serving(tmp_path_factory.mktemp("proxy"), "transformer", "--upstream", url) as one:
        yield one
    behind.shutdown()
    behind.server_close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v0/destinations/hs?a=%2F&b="),
        ("POST", "/v2/sources/nobody"),
        ("POST", "/v2/sources/auth0/hydrate"),
        ("POST", "/v1/sources/auth0"),
        ("GET", "/v2/sources/auth0"),
        ("PUT", "/%2e%2e/a%20b"),
        ("POST", "/v2/sources/a%0Ab"),
        ("GET", "/a%0Ab%0A"),
        ("GET", "/features/"),
        ("GET", "/features%0A"),
        ("DELETE", "/health"),
    ],
)
def test_what_is_not_ours_is_passed_on(proxy: Server, method: str, path: str) -> None:
    """As it came: method, path with its escapes, query, headers and body; and the answer as it is."""
    response = httpx.request(
        method, proxy.url + path, content=b"\xff{", headers={"X-A": "1"}, trust_env=False, timeout=10
    )

    assert response.status_code == 418
    assert response.headers["x-behind"] == "yes"
    assert response.json() == {"method": method, "path": path, "body": "\xff{", "x": "1"}


def test_our_sources_are_ours_all_the_same(proxy: Server) -> None:
    """The upstream never sees their arrays."""
    assert post(proxy).json()[0]["output"]["batch"][0]["userId"] == "auth0|1"


def test_the_features_are_the_upstreams_and_ours(proxy: Server) -> None:
    """Its destinations, our sources."""
    features = httpx.get(f"{proxy.url}/features", trust_env=False).json()

    assert features["routerTransform"] == {"HS": True}
    assert features["upgradedToSourceTransformV2"] is True


@pytest.mark.slow
def test_an_answer_of_the_upstreams_streams(proxy: Server) -> None:
    """Its first bytes are not held back for its last."""
    started = time.monotonic()
    with httpx.stream("GET", f"{proxy.url}/slow", trust_env=False) as response:
        parts = response.iter_raw()
        first = next(parts)
        waited = time.monotonic() - started
        rest = b"".join(parts)

    assert (first, rest) == (b"first", b"second")
    assert waited < 1


def test_an_upstream_that_is_not_there_is_told(tmp_path: Path) -> None:
    """What is not ours is a 502, the features a 503 at which rudder-server keeps what it knows; ours go on."""
    with serving(tmp_path, "transformer", "--upstream", f"http://127.0.0.1:{free_port()}") as server:
        assert httpx.get(f"{server.url}/v0/destinations", trust_env=False).status_code == 502
        assert httpx.get(f"{server.url}/features", trust_env=False).status_code == 503
        assert post(server).json()[0]["output"]["batch"]


def test_what_a_terminal_would_act_upon_is_logged_in_escapes(tmp_path: Path) -> None:
    """Who reads a log on a console is not at the mercy of who calls."""
    path = "/a%1B%5B31m%00%0A%C2%85%E2%80%A8%20%C3%A4b"
    with serving(tmp_path, "transformer", "--upstream", f"http://127.0.0.1:{free_port()}") as server:
        assert httpx.get(f"{server.url}{path}", trust_env=False).status_code == 502
        line = next(line for line in server.log.read_bytes().split(b"\n") if b"the upstream failed" in line)

    assert path.encode() in line
    written = re.sub(rb"\x1b\[\d*m", b"", line).decode()  # what the console's own colours are
    assert written.isprintable()


class Broken(Host):
    """A host at which one record raises, and another becomes what no JSON holds."""

    def receiver(self, source: str, config: dict[str, Any] | None = None, **flags: bool) -> Receiver:
        """Raise, or give nonsense, where the body says so."""
        receive = super().receiver(source, config, **flags)

        def received(request: Request) -> Outcome:
            if b"raise" in request.body:
                raise RuntimeError("a secret of the sender's")
            outcome = receive(request)
            if b"nonsense" in request.body:
                outcome.events[0]["properties"]["self"] = outcome.events[0]
            return outcome

        return received


def test_an_element_at_which_the_host_fails_is_a_500_of_its_own() -> None:
    """Its neighbours are answered, and the exception's message stays inside; mounted in somebody's app, too."""
    bodies = [json.dumps({"type": "s", "x": text}) for text in ("good", "raise", "good", "nonsense", "good")]
    app = Starlette(routes=[Mount("/transformer", transformer_app(Broken(), TransformerOptions(gzip_from=1)))])

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            elements = [{"request": {"body": body}} for body in bodies]
            return await client.post("/transformer/v2/sources/auth0", json=elements)

    response = asyncio.run(scenario())

    good, raised, also_good, nonsense, still_good = response.json()
    assert (raised["statusCode"], raised["error"]) == (500, "internal error: RuntimeError")
    assert (nonsense["statusCode"], nonsense["error"]) == (500, "internal error: the answer is no JSON")
    assert good["output"]["batch"][0]["type"] == also_good["output"]["batch"][0]["type"] == "track"
    assert still_good["output"]["batch"]
    assert response.headers["content-encoding"] == "gzip"


class Slow(Host):
    """A host that takes a quarter of a second for every body."""

    def receiver(self, source: str, config: dict[str, Any] | None = None, **flags: bool) -> Receiver:
        """As a host's, but slow."""
        receive = super().receiver(source, config, **flags)

        def received(request: Request) -> Outcome:
            time.sleep(0.25)
            return receive(request)

        return received


@pytest.mark.slow
@pytest.mark.parametrize(("size", "longest"), [(0, 0.45), (100_000, 0.2)])
def test_elements_that_take_long_hold_nobody_up(size: int, longest: float) -> None:
    """Others get a turn after each of them, and within those that are large."""
    app = transformer_app(Slow())
    array = [{"request": {"body": json.dumps({"type": "s", "x": "x" * size})}}] * 4
    gaps: list[float] = []

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app", timeout=60) as client:
            answer = asyncio.create_task(client.post("/v2/sources/auth0", json=array))
            while not answer.done():
                before = time.monotonic()
                await asyncio.sleep(0)  # a turn
                gaps.append(time.monotonic() - before)
            return await answer

    response = asyncio.run(scenario())

    assert [one["output"]["batch"][0]["type"] for one in response.json()] == ["track"] * 4
    assert max(gaps) < longest


def test_rejected_records_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    """A full disk costs no event."""
    with serving(tmp_path, "transformer", "--rejected", "/dev/full") as server:
        answer = post(server, json.dumps([{"request": {"body": f"[{LOG}, 7]"}}]).encode())

        assert len(answer.json()[0]["output"]["batch"]) == 1
        assert "rejected records not kept" in server.log.read_text()


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
