"""A gateway as an operator runs it: its settings file, its process, its store, and the file it delivers to."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from springhead.core.codec import parse
from springhead.gateway.storage.records import DeadLetter
from springhead.gateway.storage.sqlite import SqliteStore
from support.servers import Server, free_port, serving
from support.stores import letters, rows, use

T = TypeVar("T")

KEY = "key-of-the-production-tenant"
LOG: Mapping[str, Any] = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
SOURCE: Mapping[str, Any] = {"name": "Auth0", "type": "auth0", "write_key": [KEY]}


@dataclass(frozen=True)
class Gateway(Server):
    """A running gateway, and its folder."""

    folder: Path

    @property
    def data(self) -> Path:
        """The folder of its store."""
        return self.folder / "springhead-data"

    def wire(self) -> socket.socket:
        """A connection of its own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def post(self, body: object = LOG, key: str | None = KEY, **more: Any) -> httpx.Response:
        """Post to the webhook: bytes and streams as they are, anything else as JSON."""
        raw = isinstance(body, bytes) or hasattr(body, "__next__")
        return self.call("POST", key, content=body if raw else json.dumps(body).encode(), **more)

    def call(self, method: str = "GET", key: str | None = KEY, query: str = "", **more: Any) -> httpx.Response:
        """Call the webhook; `query` stands behind the key, as it is."""
        pairs = [*([] if key is None else [f"writeKey={key}"]), *([query] if query else [])]
        url = f"{self.url}/v1/webhook" + (f"?{'&'.join(pairs)}" if pairs else "")
        return httpx.request(method, url, trust_env=False, timeout=30, **more)

    def get(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        """Get another page."""
        return httpx.request(method, f"{self.url}{path}", trust_env=False, timeout=30, **more)

    def ask(self, question: Callable[[SqliteStore], Awaitable[T]]) -> T:
        """What its store answers, to a process beside it."""
        found: list[T] = []

        async def look(store: SqliteStore) -> None:
            found.append(await question(store))

        use(self.data, look)
        return found[0]

    def letters(self) -> list[DeadLetter]:
        """Its dead letters, oldest first."""
        return self.ask(letters)

    def accepted(self) -> int:
        """How many events it ever accepted."""
        ((count,),) = rows(self.data, "SELECT (SELECT count(*) FROM recent) + (SELECT count(*) FROM seen)")
        return int(count)

    def kept(self) -> tuple[int, int]:
        """How many events it ever accepted, and how many dead letters there are."""
        ((letters,),) = rows(self.data, "SELECT count(*) FROM dead_letter")
        return self.accepted(), int(letters)

    def delivered(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """The events delivered: at least so many, once they are."""
        file = self.folder / "delivered.jsonl"
        until = time.monotonic() + seconds
        while True:
            lines = file.read_bytes().splitlines() if file.exists() else []
            if len(lines) >= count:
                return [parse(line) for line in lines]
            assert time.monotonic() < until, f"{len(lines)} of {count} events were delivered"
            time.sleep(0.01)

    def sent(self, body: object = LOG, **more: Any) -> list[dict[str, Any]]:
        """Post, expect `ok`, and give the events delivered for it."""
        before = self.accepted()
        self.delivered(before)  # else an earlier event could come out later, from another lane
        response = self.post(body, **more)
        assert (response.status_code, response.text) == (200, "ok")
        return self.delivered(self.accepted())[before:]


@contextmanager
def gateway(
    folder: Path,
    *sources: Mapping[str, Any],
    folders: tuple[Path, ...] = (),
    **sections: Mapping[str, Any],
) -> Iterator[Gateway]:
    """A gateway with these sources, or one of Auth0, and these sections; it delivers to a file."""
    sections = {"gateway": {"admin": f"127.0.0.1:{free_port()}"}} | sections
    config = folder / "springhead.toml"
    config.write_text(toml(sections, *(sources or (SOURCE,))))
    options = [option for one in folders for option in ("--folder", str(one))]
    with serving(folder, "gateway", "--config", str(config), "--log-format", "json", *options) as server:
        yield Gateway(server.url, server.process, server.log, folder)


def toml(sections: Mapping[str, Mapping[str, Any]], *sources: Mapping[str, Any]) -> str:
    """A settings file, of values that JSON and TOML write alike."""
    tables = [(f"[{name}]", section) for name, section in sections.items()]
    for source in sources:
        tables.append(("[[source]]", source))
        if "settings" in source:
            tables.append(("[source.settings]", source["settings"]))
    return "\n".join(
        line
        for head, table in tables
        for line in (
            head,
            *(f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)),
        )
    )
