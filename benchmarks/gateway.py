"""Measures how many events the gateway accepts over HTTP, each request durable, against two floors.

The floor reads the body and stores it as one row of raw bytes with the same group commit: it parses nothing,
finds no duplicates and could deliver nothing. The second floor also parses the body and stores each log in it
as a row, as anybody must who delivers events one by one. They take turns on the same ASGI server, each in one
worker pinned to one core, and wrk drives them from another (Debian's package: apt-get install wrk). No log_id
is posted twice. For the first lines the data plane is down, so that accepting is all there is to do; for the
last ones the gateway delivers to a file meanwhile. A noisy neighbour slows all of them: read the ratios.

    python benchmarks/gateway.py [--quick]
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from driving import RESULT, Run, drive, need_tools, report, resident, start, stop, worker
from floors import read, respond
from payloads import STREAM, Log, array, describe, lines, log, single
from springhead import Host, encode
from springhead.gateway.run import serve_gateway
from springhead.gateway.settings import load_settings
from springhead.gateway.storage.sqlite.database import FILE, open_writer
from springhead.gateway.storage.sqlite.sql import insert
from springhead.gateway.storage.sqlite.writer import Writer
from springhead.server.run import Worker, serve_app

CASES: dict[str, tuple[int, Callable[[Sequence[Log]], bytes]]] = {
    "1 log": (1, single),
    "array of 100": (100, array),
    "100 JSON lines": (100, lines),
}
"""Logs in a body, and how they are serialised."""
CONNECTIONS = (1, 16, 64)
ROUNDS = 5

ACCEPTING, DELIVERING = "gateway", "gateway+file"
FLOORS = ("floor", "floor+events")
KEY = "benchmark-write-key"
_BODIES = 20
"""Bodies posted in turn: one of each size. wrk replaces a mark in them to make their log_ids new."""
_MARK = "#" * 15
_SCRIPT = """
local bodies, number = {{}}, 0
for body = 1, {bodies} do
  local file = io.open("{folder}/" .. body, "rb"); local text = file:read("*a"); file:close()
  local pieces = {{}}
  for piece in (text .. "{mark}"):gmatch("(.-){mark}") do pieces[#pieces + 1] = piece end
  local head = "POST {path} HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n"
  pieces[1] = head .. "Content-Length: " .. #text .. "\\r\\n\\r\\n" .. pieces[1]
  bodies[body] = pieces
end
request = function()
  number = number + 1
  return table.concat(bodies[number % {bodies} + 1], string.format("%06d%09d", {run}, number))
end
"""
_SETTINGS = """
[gateway]
port = {port}
admin = "127.0.0.1:{admin}"
data = "data-{port}"
[delivery]
to = "{to}"
[[source]]
name = "Auth0"
type = "auth0"
write_key = "{key}"
"""


def floor(folder: Path, events: bool) -> Callable[..., Awaitable[None]]:
    """An ASGI app that stores each body as one row, or each log in it, before it responds."""
    connection = open_writer(folder, 5, create=True)
    connection.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    writer = Writer(connection, folder / FILE)
    decode = msgspec.json.Decoder().decode

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await read(receive)
        rows = [body]
        if events:
            documents = [decode(line) for line in body.splitlines()]
            logs = documents[0] if isinstance(documents[0], list) else documents
            rows = [encode(item) for item in logs]
        values = [(row,) for row in rows]
        await writer.do(lambda connection: insert(connection, "INSERT INTO raw (body)", values))
        await respond(send, b"ok", b"text/plain; charset=utf-8")

    return app


def serve(kind: str, port: int, folder: Path) -> None:
    """Run one of the servers, in this process."""
    if kind in FLOORS:
        worker = Worker(lambda _: floor(folder / f"data-{port}", kind != "floor"), "json", "warning")
        serve_app(worker, host="127.0.0.1", port=port, workers=1)
        return
    to = "http://127.0.0.1:9" if kind == ACCEPTING else "file:delivered.jsonl"
    settings = folder / f"{port}.toml"
    settings.write_text(_SETTINGS.format(port=port, admin=port + 100, to=to, key=KEY))
    serve_gateway(Host(), load_settings(settings), "json", "error")


def script(folder: Path, case: str, run: int) -> Path:
    """A script for wrk that posts the bodies of a case, no log in them posted before."""
    size, serialise = CASES[case]
    for body in range(1, _BODIES + 1):
        logs = [log(body * size + number, STREAM[: -len(_MARK)] + _MARK) for number in range(size)]
        (folder / str(body)).write_bytes(serialise(logs))
    path = folder / "post.lua"
    values = {
        "folder": folder,
        "bodies": _BODIES,
        "mark": _MARK,
        "run": run,
        "path": f"/v1/webhook?writeKey={KEY}",
    }
    path.write_text(_SCRIPT.format(**values) + RESULT)
    return path


def drain(store: Path) -> tuple[int, float]:
    """Wait until a store has delivered all it holds; how many events that were, and how many per second."""
    connection, started, first = sqlite3.connect(store / FILE), time.perf_counter(), -1
    while left := connection.execute("SELECT sum(undelivered) FROM source").fetchone()[0] or 0:
        first = max(first, left)
        time.sleep(0.1)
    connection.close()
    return first, first / (time.perf_counter() - started)


def measure(folder: Path, kind: str, rounds: int, connections: tuple[int, ...]) -> None:
    """Start a gateway and the floors, drive each case, and print what was measured."""
    ports = {server: 19390 + number for number, server in enumerate((kind, *FLOORS))}
    processes = {server: start(server, str(port), str(folder)) for server, port in ports.items()}
    run_numbers = count(int(time.time()) % 100_000)
    try:
        pids = {server: worker(process) for server, process in processes.items()}
        print(describe([log(number) for number in range(1_000)]), flush=True)
        print(f"the gateway's worker at rest: {resident(pids[kind]):.0f} MB resident", flush=True)
        for name, (logs, _) in CASES.items():
            for number in connections:
                runs: dict[str, list[Run]] = {server: [] for server in ports}
                for _ in range(rounds):
                    for server, port in ports.items():
                        post = script(folder, name, next(run_numbers))
                        runs[server].append(drive(f"http://127.0.0.1:{port}", post, number, pids[server]))
                        if server == DELIVERING:
                            left, rate = drain(folder / f"data-{port}")
                report(name, logs, number, runs)
                if kind == DELIVERING:
                    print(f"{'':22} {left:,} were left to deliver at the end: {rate:,.0f} ev/s", flush=True)
        peak, now = resident(pids[kind], "VmHWM"), resident(pids[kind])
        print(f"the gateway's worker: {peak:.0f} MB resident at its peak, {now:.0f} MB after")
    finally:
        stop(list(processes.values()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        need_tools()
        quick = "--quick" in sys.argv
        for measured, senders in ((ACCEPTING, CONNECTIONS), (DELIVERING, (16,))):
            with tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path.cwd()) as temporary:
                measure(Path(temporary), measured, 2 if quick else ROUNDS, (16,) if quick else senders)
