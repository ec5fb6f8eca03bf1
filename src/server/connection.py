"""Limits what a connection may cost before the app sees a request; uvicorn itself does not."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .joined_writes import JoinedWrites

MAX_HEAD_BYTES = 512 * 1024
"""Bytes of the longest head (request line and headers), and of anything between two parts of a body."""
MAX_HEADERS = 1_000
"""Headers of one head, and values of its query: each costs far more than its bytes."""

_SLICE = 4096
"""Bytes parsed at a time, except of a body: a request takes 18, and a hundred times as many once parsed."""
_BAD_REQUEST = "400 Bad Request"
_HEAD_TOO_LARGE = "431 Request Header Fields Too Large"


class Connection(HttpToolsProtocol):
    """uvicorn's connection with limits, which also serves senders that half-close or offer an upgrade.

    Of uvicorn's configuration, `timeout_keep_alive` is the time from connecting, or from the last response,
    until the next head is complete; `limit_concurrency` is the number of connections kept, idle ones included.
    When there are more, the one that has been idle longest is closed.
    """

    def __init__(self, *arguments: Any, idle: dict[Connection, None], **named: Any) -> None:
        """`idle` holds the server's connections that wait for a head, the longest first."""
        super().__init__(*arguments, **named)
        self._idle = idle
        self._connection_limit = self.limit_concurrency or 1
        self.limit_concurrency = None  # at its limit, uvicorn would answer 503 on every connection
        self._head_bytes = 0
        self._body_bytes = 0
        self._refused = False
        self._unparsed = b""
        """What came behind requests that wait for the responses to earlier ones."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head. If there are too many connections, close the one idle longest."""
        super().connection_made(transport)
        self.flow = _PipelineFlow(transport, self.pipeline)
        self._writes = JoinedWrites(transport, self.loop)
        self._start_deadline()
        if len(self.connections) > self._connection_limit:
            longest = next(iter(self._idle))
            del self._idle[longest]
            longest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data until requests wait for the responses to earlier ones."""
        data, self._unparsed = self._unparsed + data, b""
        start = 0
        while start < len(data):
            if self.pipeline:
                self._unparsed = data[start:]
                return
            end = start + max(self._rest_of_body(), _SLICE)
            self._parse(data[start:end])
            start = end

    def _rest_of_body(self) -> int:
        """How many bytes of the body that is being received are missing; 0 if that is not known."""
        if self.cycle is None or not self.cycle.more_body:
            return 0
        lengths = (value for name, value in self.cycle.scope["headers"] if name == b"content-length")
        return int(next(lengths, b"0")) - self._body_bytes

    def _parse(self, data: bytes) -> None:
        """Parse data, unless it makes a head too large."""
        self._head_bytes += len(data)
        if self._refused:
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(_HEAD_TOO_LARGE)
            return
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except HttpParserError:
            self._refuse(_BAD_REQUEST, "Invalid HTTP request received.")
        if self.headers and len(self.headers) > MAX_HEADERS:
            self._refuse(_HEAD_TOO_LARGE)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a sender that only stops sending: it may still listen."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        self._refuse(_BAD_REQUEST, "reading request body: it is not whole\n")
        return not self.cycle.more_body

    def on_headers_complete(self) -> None:
        """Let the app answer."""
        if self.parser.should_upgrade() or self._writes.has_ended:
            return
        self._head_bytes = self._body_bytes = 0
        if not self.flow.write_paused:
            self._end_deadline()
        if len(self.headers) > MAX_HEADERS or self.url.count(b"&") >= MAX_HEADERS:
            self.app = _head_too_large
        super().on_headers_complete()
        self._writes.lingers = True
        self.cycle.transport = self._writes  # type: ignore[assignment] # it has all that a response uses
        self.headers = []  # a trailer is not a header

    def on_body(self, body: bytes) -> None:
        """Add to the body."""
        self._head_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body."""
        if self.parser.should_upgrade():
            return
        self._writes.lingers = False
        if self._writes.has_ended:
            self.transport.close()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next head, unless it has come."""
        self._writes.flush()
        if self._writes.has_ended:
            self.pipeline.clear()
            self.flow.resume_reading()
            return
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if not self.pipeline and (self._unparsed or self.flow.read_paused):
            self.data_received(b"")
            self.flow.resume_reading()
        if self.cycle.response_complete or self.flow.write_paused:
            self._start_deadline()

    def pause_writing(self) -> None:
        """Give the sender as long to read its responses as it has to send a head."""
        super().pause_writing()
        self._start_deadline()

    def resume_writing(self) -> None:
        """Go on with the response, unless it is complete and the next head is waited for."""
        super().resume_writing()
        if not self.cycle.response_complete:
            self._end_deadline()

    def timeout_keep_alive_handler(self) -> None:
        """Close at the deadline, even if the sender has not read the last response."""
        self.transport.abort()

    def _start_deadline(self) -> None:
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        self._idle[self] = None

    def _end_deadline(self) -> None:
        self._unset_keepalive_if_required()
        self._idle.pop(self, None)

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Parse a request again without its upgrade, since the parser reads no body after one.

        Java's HTTP client offers HTTP/2 this way with its first request, even if that is a POST with a body.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(_BAD_REQUEST)
            return
        lines = [b"%b %b HTTP/%b" % (method, self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = HttpRequestParser(self)
        self._head_bytes = 0
        self._parse(b"\r\n".join([*lines, b"", rest]))

    def _refuse(self, status: str, text: str = "") -> None:
        """Answer what is not a request, unless an earlier response is still pending, and read no more.

        The connection is not closed at once: a sender that is still sending would lose the response.
        """
        if self._refused:
            return
        self._refused = True
        if self._writes.has_ended:
            self.transport.close()
            return
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            if not cycle.more_body:
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self._writes.flush()
                self.transport.close()
                return
        self._end_deadline()
        self._start_deadline()
        headers = f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\nconnection: close"
        self._writes.write_last(f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n{text}".encode())


class _PipelineFlow(FlowControl):
    """Reads nothing as long as requests wait for the responses to earlier ones."""

    def __init__(self, transport: asyncio.Transport, pipeline: Collection[object]) -> None:
        super().__init__(transport)
        self._pipeline = pipeline

    def resume_reading(self) -> None:
        """Read again, unless requests wait."""
        if not self._pipeline:
            super().resume_reading()


async def _head_too_large(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
