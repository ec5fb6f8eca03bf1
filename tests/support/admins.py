"""Calls the admin address of a running gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from support.gateways import SOURCE, Gateway, gateway
from support.servers import LOCAL, free_port

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
DISABLED: Mapping[str, Any] = {
    "name": "Auth0, old",
    "type": "auth0",
    "write_key": ["another-invented-key"],
    "enabled": False,
}


@dataclass(frozen=True)
class Admin:
    """A running gateway, seen from its admin address."""

    server: Gateway

    @property
    def url(self) -> str:
        """The URL of the admin address."""
        return self.server.admin_url

    def post(self, *logs: Any) -> httpx.Response:
        """Post logs to the webhook as a sender does."""
        return self.server.post(list(logs))

    def post_until(self, is_true: Callable[[], object]) -> None:
        """Post logs of another user, one after another, until something is true."""
        for number in count(1_000):
            if is_true():
                return
            self.post({**OTHER, "log_id": f"other-{number}"})
            time.sleep(0.2)

    def call(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        """Call the admin address."""
        return httpx.request(method, f"{self.url}{path}", **LOCAL, timeout=30, **more)

    def status(self) -> Any:
        """What it says of the gateway's status."""
        return self.call("/api/status").json()

    def letters(self, query: str = "") -> list[Any]:
        """The dead letters it lists."""
        found: list[Any] = self.call(f"/api/dead{query}").json()["letters"]
        return found


@contextmanager
def admin_address(  # noqa: PLR0913 - options, each with a default
    folder: Path,
    other: Mapping[str, Any] = DISABLED,
    *,
    to: str = "file:delivered.jsonl",
    token: str = "",
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[Admin]:
    """Run a gateway with an enabled and, unless `other` is given, a disabled source.

    `host` and `port` are those of the admin address.
    """
    section = {"admin": f"{host}:{port or free_port()}"} | ({"admin_token": token} if token else {})
    delivery = {"to": to, "breaker_failures": 1, "breaker_pause": 0.2}
    with gateway(folder, SOURCE, other, gateway=section, delivery=delivery) as server:
        yield Admin(server)
