"""A gateway as an operator runs it: its settings file, its process, its store, and the file it delivers to."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from servers import Server, free_port, serving
from springhead.core.codec import parse
from springhead.gateway.sqlite import SqliteStore
from springhead.gateway.store import Counts, DeadLetter
from stores import rows, use

KEY = "key-of-the-production-tenant"
LOG: Mapping[str, Any] = {
    "log_id": "1",
    "data": {"type": "s", "user_id": "auth0|1", "user_name": "ada@example.com"},
}
SOURCE = {"name": "Auth0", "type": "auth0", "write_key": [KEY]}


@dataclass(frozen=True)
class Gateway(Server):
    """A running gateway, and its folder."""

    folder: Path

    @property
    def wire(self) -> socket.socket:
        """A connection of its own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def post(self, body: bytes | object = LOG, key: str | None = KEY, **more: Any) -> httpx.Response:
        """Post to the webhook: bytes as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", key, content=content, **more)

    def call(self, method: str = "GET", key: str | None = KEY, **more: Any) -> httpx.Response:
        """Call the webhook."""
        params = [*([] if key is None else [("writeKey", key)]), *more.pop("query", [])]
        url = f"{self.url}/v1/webhook"
        return httpx.request(method, url, params=params, trust_env=False, timeout=30, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Get another page."""
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=30, **more)

    def counts(self) -> Counts:
        """What the store holds."""
        found: list[Counts] = []

        async def look(store: SqliteStore) -> None:
            found.append(await store.counts())

        use(self.folder / "springhead-data", look)
        return found[0]

    def letters(self) -> list[DeadLetter]:
        """Its dead letters, oldest first."""
        found: list[DeadLetter] = []

        async def look(store: SqliteStore) -> None:
            found.extend(await store.dead(limit=1_000_000))

        use(self.folder / "springhead-data", look)
        return found

    def accepted(self) -> int:
        """How many events were ever accepted."""
        ((count,),) = rows(self.folder / "springhead-data", "SELECT count(*) FROM seen")
        return int(count)

    def delivered(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """The events delivered: at least so many, once they are."""
        file = self.folder / "delivered.jsonl"
        until = time.monotonic() + seconds
        while True:
            lines = file.read_bytes().splitlines() if file.exists() else []
            if len(lines) >= count:
                return [parse(line) for line in lines]
            assert time.monotonic() < until, f"{len(lines)} of {count} events were delivered"
            time.sleep(0.02)

    def sent(self, body: bytes | object = LOG, **more: Any) -> list[dict[str, Any]]:
        """Post, expect `ok`, and give the events delivered for it."""
        before = len(self.delivered(0))
        already = self.accepted()
        response = self.post(body, **more)
        assert (response.status_code, response.content) == (200, b"ok")
        return self.delivered(before + self.accepted() - already)[before:]


@contextmanager
def gateway(
    folder: Path, *sources: Mapping[str, Any], folders: tuple[Path, ...] = (), **sections: Any
) -> Iterator[Gateway]:
    """A gateway with these sources, of one Auth0 source where there are none, that delivers to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = {"gateway": {"admin": f"127.0.0.1:{free_port()}"}} | sections
    config = folder / "springhead.toml"
    config.write_text(toml(sections, sources or (SOURCE,)))
    options = [option for one in folders for option in ("--folder", str(one))]
    with serving(folder, "gateway", "--config", str(config), "--log-format", "json", *options) as server:
        yield Gateway(server.url, server.process, server.log, folder)


def toml(sections: Mapping[str, Mapping[str, Any]], sources: tuple[Mapping[str, Any], ...]) -> str:
    """A settings file; what JSON and TOML write alike is all it needs."""
    lines: list[str] = []
    for name, section in sections.items():
        lines += [f"[{name}]", *_keys(section), ""]
    for source in sources:
        lines += ["[[source]]", *_keys(source), ""]
        if "settings" in source:
            lines += ["[source.settings]", *_keys(source["settings"]), ""]
    return "\n".join(lines)


def _keys(section: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in section.items() if not isinstance(value, dict)]
