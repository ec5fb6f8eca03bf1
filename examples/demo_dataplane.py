"""Takes batches for the demo as RudderStack's data plane does, and remembers their events."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class DataPlane:
    """What arrived.

    Attributes:
        events: the events in the order in which they came, by messageId, each once.
        repeated: how many came again, which a data plane tells by their messageId.
    """

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.repeated = 0
        self._lock = threading.Lock()

    def take(self, batch: list[dict[str, Any]]) -> None:
        """Take a batch."""
        with self._lock:
            for event in batch:
                self.repeated += event["messageId"] in self.events
                self.events.setdefault(event["messageId"], event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    data_plane: DataPlane

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.data_plane.take(json.loads(body)["batch"])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: a gateway that is killed resets its connections."""


@contextmanager
def running_data_plane() -> Iterator[tuple[DataPlane, str]]:
    """Run a data plane until the end of the block; its URL is the second."""
    data_plane = DataPlane()
    handler = type("Handler", (_Handler,), {"data_plane": data_plane})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield data_plane, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
