"""What is not for one of our sources goes to a real rudder-transformer."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from starlette.types import Message

from springhead.transformer.upstream import Upstream
from support.arrays import post
from support.servers import LOCAL, Server, free_port, serving


class FakeTransformer(BaseHTTPRequestHandler):
    """An upstream that answers with the request it got."""

    protocol_version = "HTTP/1.1"
    features: ClassVar[dict[str, Any]] = {"routerTransform": {"HS": True}, "upgradedToSourceTransformV2": False}
    first_arrived: ClassVar[threading.Event] = threading.Event()
    """Set once the first part of a response has reached its caller."""

    def do_GET(self) -> None:
        """Answer a request."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path == "/features":
            self.answer(200, json.dumps(self.features).encode())
        elif self.path == "/slow":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nfirst\r\n")
            self.wfile.flush()
            self.first_arrived.wait()
            self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")
        else:
            request = {
                "method": self.command,
                "path": self.path,
                "body": body.decode("latin-1"),
                "x": self.headers["X-A"],
            }
            self.answer(418, json.dumps(request).encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def answer(self, status: int, body: bytes) -> None:
        """Write an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Upstream", "yes")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A transformer with an upstream."""
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), FakeTransformer)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{upstream.server_port}"
        with serving(tmp_path_factory.mktemp("proxy"), "transformer", "--upstream", url) as server:
            yield server
    finally:
        upstream.shutdown()
        upstream.server_close()


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
        method, proxy.url + path, content=b"\xff{", headers={"X-A": "1"}, **LOCAL, timeout=10
    )

    assert response.status_code == 418
    assert response.headers["x-upstream"] == "yes"
    assert response.json() == {"method": method, "path": path, "body": "\xff{", "x": "1"}


def test_our_sources_are_ours_all_the_same(proxy: Server) -> None:
    """The upstream never sees their arrays."""
    assert post(proxy).json()[0]["output"]["batch"][0]["userId"] == "auth0|1"


def test_the_features_are_the_upstreams_and_ours(proxy: Server) -> None:
    """Its destinations, our sources."""
    features = httpx.get(f"{proxy.url}/features", **LOCAL).json()

    assert features["routerTransform"] == {"HS": True}
    assert features["upgradedToSourceTransformV2"] is True


def test_a_response_of_the_upstream_streams(proxy: Server) -> None:
    """Its last bytes are not sent before its first have arrived."""
    with httpx.stream("GET", f"{proxy.url}/slow", **LOCAL) as response:
        parts = response.iter_raw()
        first = next(parts)
        FakeTransformer.first_arrived.set()
        rest = b"".join(parts)

    assert (first, rest) == (b"first", b"second")


def test_an_upstream_that_is_not_there_is_told(tmp_path: Path) -> None:
    """What is not ours is a 502, the features a 503 at which rudder-server keeps what it knows; ours go on."""
    with serving(tmp_path, "transformer", "--upstream", f"http://127.0.0.1:{free_port()}") as server:
        assert httpx.get(f"{server.url}/v0/destinations", **LOCAL).status_code == 502
        assert httpx.get(f"{server.url}/features", **LOCAL).status_code == 503
        assert post(server).json()[0]["output"]["batch"]


def test_what_a_terminal_would_act_upon_is_logged_in_escapes(tmp_path: Path) -> None:
    """Who reads a log on a console is not at the mercy of who calls."""
    path = "/a%1B%5B31m%00%0A%C2%85%E2%80%A8%20%C3%A4b"
    with serving(tmp_path, "transformer", "--upstream", f"http://127.0.0.1:{free_port()}") as server:
        assert httpx.get(f"{server.url}{path}", **LOCAL).status_code == 502
        line = next(line for line in server.log.read_bytes().split(b"\n") if b"the upstream failed" in line)

    assert path.encode() in line
    written = re.sub(rb"\x1b\[\d*m", b"", line).decode()  # what the console's own colours are
    assert written.isprintable()


def test_half_a_request_is_not_passed_on_as_a_whole() -> None:
    """The caller hung up in the middle of it; the upstream must not act on what had come."""
    messages: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]
    headers = [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def scenario() -> bytes:
        arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            arrived.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            upstream = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            await upstream(scope, receive, send)
            await upstream.close()
            return await arrived

    assert asyncio.run(scenario()).endswith(b"4\r\nhalf\r\n")
