"""Stands in for a gateway's admin address: a server that sends prepared server-sent events."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeFeed:
    """What each connection is sent in turn; the last connection stays open."""

    connections: list[list[bytes]]
    status: int = 200
    content_type: str = "text/event-stream"
    port: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """The path and the Authorization header of each request."""


def accepted(at: float, *names: str, source: str = "auth0", **more: Any) -> bytes:
    """The message about an accepted request with events of these names."""
    events = [{"type": "track", "event": name, "userId": "auth0|1"} for name in names]
    data = {"at": at, "source": source, "accepted": len(events), "events": events, "rejections": []}
    return message("accepted", data | more)


def message(name: str, data: Any) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


@contextmanager
def feed(
    *connections: list[bytes], status: int = 200, content_type: str = "text/event-stream", port: int = 0
) -> Iterator[FakeFeed]:
    """Run a feed on this port, or on a free one."""
    fake = FakeFeed(list(connections), status, content_type)
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(fake.status)
            self.send_header("Content-Type", fake.content_type)
            self.end_headers()
            for chunk in fake.connections.pop(0) if fake.connections else []:
                self.wfile.write(chunk)
                time.sleep(0.01)  # so that chunks arrive one by one
            if not fake.connections and fake.status == 200:
                ended.wait(30)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    fake.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield fake
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
