"""A gateway with its admin address, as a process: its settings, and calls of both addresses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support.servers import Server, free_port, serving

KEY = "an-invented-write-key"
TOKEN = "an-invented-admin-token"  # noqa: S105 - it opens nothing
CHANGE = {"X-Springhead": "1"}
LOGIN = {
    "log_id": "1",
    "data": {
        "type": "s",
        "user_id": "auth0|000000000000000000000ada1",
        "user_name": "ada@example.com",
        "details": {"body": {"password": "an invented password"}},
    },
}
OTHER = {"log_id": "9", "data": {"type": "s", "user_id": "auth0|9"}}
WRONG = {"log_id": "2", "data": {"type": 7, "user_name": "ada@example.com"}}

_SETTINGS = """\
[gateway]
admin = "{admin}:{port}"
{token}
[delivery]
to = "{to}"
breaker_failures = 1
[[source]]
name = "Auth0"
type = "auth0"
write_key = "{key}"
[[source]]
name = "Auth0, old"
type = "auth0"
write_key = "another-invented-key"
enabled = false
"""


@dataclass(frozen=True)
class Admin:
    """A running gateway, and the address of its admin side."""

    server: Server
    url: str

    def post(self, *logs: Any) -> httpx.Response:
        """Post logs as a sender does."""
        url = f"{self.server.url}/v1/webhook?writeKey={KEY}"
        return httpx.post(url, content=json.dumps(logs), trust_env=False)

    def call(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        """Call the admin address."""
        return httpx.request(method, f"{self.url}{path}", trust_env=False, timeout=10, **more)

    def status(self) -> Any:
        """The status."""
        return self.call("/api/status").json()

    def letters(self, query: str = "") -> list[Any]:
        """The dead letters."""
        found: list[Any] = self.call(f"/api/dead{query}").json()["letters"]
        return found


@contextmanager
def administered(
    tmp_path: Path, *, to: str = "file:delivered.jsonl", token: str = "", host: str = "127.0.0.1"
) -> Iterator[Admin]:
    """Run a gateway with an admin address until the end of the block."""
    port = free_port()
    line = f'admin_token = "{token}"' if token else ""
    path = tmp_path / "springhead.toml"
    path.write_text(_SETTINGS.format(admin=host, port=port, token=line, to=to, key=KEY))
    with serving(tmp_path, "gateway", "--config", str(path)) as server:
        yield Admin(server, f"http://127.0.0.1:{port}")


def until(true: Callable[[], Any], seconds: float = 10) -> Any:
    """What `true` gives once it gives something true."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.05)
    return found
