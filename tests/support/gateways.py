"""Runs a gateway as an operator does: from a settings file, as a process, with a store of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from springhead.core.codec import parse
from springhead.gateway.storage.records import DeadLetter
from springhead.gateway.storage.sqlite import SqliteStore
from support.servers import LOCAL, Server, free_port, serving, until
from support.stores import letters, rows, use

T = TypeVar("T")

KEY = "key-of-the-production-tenant"
LOG: Mapping[str, Any] = {"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}}
SOURCE: Mapping[str, Any] = {"name": "Auth0", "type": "auth0", "write_key": [KEY]}


@dataclass(frozen=True)
class Gateway(Server):
    """A running gateway, its folder, and the URL of its admin address."""

    folder: Path
    admin_url: str

    @property
    def data(self) -> Path:
        """The folder of its store."""
        return self.folder / "springhead-data"

    def wire(self) -> socket.socket:
        """Open a connection of its own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def post(self, body: object = LOG, key: str | None = KEY, **more: Any) -> httpx.Response:
        """Post to the webhook: bytes and streams as they are, anything else as JSON."""
        raw = isinstance(body, bytes) or hasattr(body, "__next__")
        return self.call("POST", key, content=body if raw else json.dumps(body).encode(), **more)

    def call(self, method: str = "GET", key: str | None = KEY, query: str = "", **more: Any) -> httpx.Response:
        """Call the webhook; `query` follows the key as it is."""
        pairs = [*([] if key is None else [f"writeKey={key}"]), *([query] if query else [])]
        url = f"{self.url}/v1/webhook" + (f"?{'&'.join(pairs)}" if pairs else "")
        return httpx.request(method, url, **LOCAL, timeout=30, **more)

    def get(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        """Call another path."""
        return httpx.request(method, f"{self.url}{path}", **LOCAL, timeout=30, **more)

    def ask(self, question: Callable[[SqliteStore], Awaitable[T]]) -> T:
        """Ask its store from this process, while it has it open."""
        answers: list[T] = []

        async def scenario(store: SqliteStore) -> None:
            answers.append(await question(store))

        use(self.data, scenario)
        return answers[0]

    def letters(self) -> list[DeadLetter]:
        """Its dead letters, oldest first."""
        return self.ask(letters)

    def accepted(self) -> int:
        """How many events it has ever accepted."""
        ((count,),) = rows(self.data, "SELECT (SELECT count(*) FROM recent) + (SELECT count(*) FROM seen)")
        return int(count)

    def kept(self) -> tuple[int, int]:
        """How many events it has ever accepted, and how many dead letters there are."""
        ((letters,),) = rows(self.data, "SELECT count(*) FROM dead_letter")
        return self.accepted(), int(letters)

    def delivered(self, count: int) -> list[dict[str, Any]]:
        """The events in the file it delivers to, once there are `count`."""
        file = self.folder / "delivered.jsonl"

        def lines() -> list[bytes]:
            return file.read_bytes().splitlines() if file.exists() else []

        until(lambda: len(lines()) >= count)
        return [parse(line) for line in lines()]

    def sent(self, body: object = LOG, **more: Any) -> list[dict[str, Any]]:
        """Post, expect `ok`, and return the events delivered for it."""
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
    """Run a gateway with these sources (one of Auth0 by default) and these sections of settings.

    It delivers to a file unless `delivery` says otherwise, and has an admin address of its own.
    """
    addresses = {"port": free_port(), "admin": f"127.0.0.1:{free_port()}", **sections.get("gateway", {})}
    config = write_settings(folder, *(sources or (SOURCE,)), **{**sections, "gateway": addresses})
    options = [option for one in folders for option in ("--folder", str(one))]
    arguments = ("gateway", "--config", str(config), "--log-format", "json", *options)
    admin_url = f"http://127.0.0.1:{addresses['admin'].rpartition(':')[2]}"
    with serving(folder, *arguments, port=addresses["port"]) as server:
        yield Gateway(server.url, server.process, server.log, folder, admin_url)


def write_settings(folder: Path, *sources: Mapping[str, Any], **sections: Mapping[str, Any]) -> Path:
    """Write the settings file of a gateway into a folder."""
    path = folder / "springhead.toml"
    path.write_text(toml(sections, *sources))
    return path


def toml(sections: Mapping[str, Mapping[str, Any]], *sources: Mapping[str, Any]) -> str:
    """Write settings as TOML, of values that JSON and TOML write alike."""
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
