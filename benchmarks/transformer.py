"""Measures the source transformer over HTTP, on one core, against two floors on the same server.

The floor parses the array and serialises a response of the same size, and does nothing else. The second floor
also parses the bodies in the array, as anybody must who makes events of them. The three take turns, each in one
worker of the same server with the same settings, pinned to one core, and wrk drives them from another (Debian's
package: apt-get install wrk). A noisy neighbour slows all of them: read the ratios.

With `--soak` it drives arrays of 100 for ten minutes, and prints the memory of the worker every half minute.

    python benchmarks/transformer.py [--quick | --soak]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec

from driving import RESULT, Run, drive, need_tools, report, resident, start, stop, worker
from floors import read, respond
from payloads import array, describe, log, single
from springhead import Host, Request, encode
from springhead.server.run import Worker, serve_app
from springhead.transformer.app import transformer_app

KINDS = ("springhead", "floor", "floor+bodies")
CASES = {"1 element": (1, 1), "10 elements": (10, 1), "100 elements": (100, 1), "1000 elements": (1000, 1)} | {
    "1 element of 100 logs": (1, 100)
}
CONNECTIONS = (1, 16, 64)
ROUNDS = 5
SOAK = 600
"""Seconds."""

_SCRIPT = """
local file = io.open("{body}", "rb"); local body = file:read("*a"); file:close()
wrk.method, wrk.body, wrk.headers["Content-Type"] = "POST", body, "application/json; charset=utf-8"
"""


def element(body: str) -> dict[str, Any]:
    """An element as rudder-server posts it: about 1 KB around the body."""
    definition = {"ID": "1", "Name": "Auth0", "Category": "webhook", "Type": "cloud", "Options": {}}
    plan = {"sourceId": "", "version": 0, "config": None, "mergedConfig": None, "deleted": False}
    return {
        "request": {
            "method": "POST",
            "url": "/v1/webhook?writeKey=example",
            "proto": "HTTP/1.1",
            "headers": {
                "Accept-Encoding": ["gzip"],
                "Content-Length": [str(len(body))],
                "Content-Type": ["application/json"],
                "User-Agent": ["Example/1.0"],
                "X-Forwarded-For": ["192.0.2.1"],
            },
            "body": body,
            "query_parameters": {"writeKey": ["example"]},
        },
        "source": {
            "ID": "2example",
            "Name": "Example",
            "SourceDefinition": definition,
            "Config": {},
            "Enabled": True,
            "WorkspaceID": "2example",
            "Destinations": None,
            "WriteKey": "example",
            "DgSourceTrackingPlanConfig": plan,
            "Transient": False,
            "GeoEnrichment": {"Enabled": False},
        },
    }


def floor(bodies: bool) -> Callable[..., Awaitable[None]]:
    """An ASGI app that responds with a prepared answer of the same size, serialised each time."""
    decode = msgspec.json.Decoder().decode
    prepared: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await read(receive)
        if scope["path"] == "/prepare":
            prepared["answer"] = decode(body)
            await respond(send, b"prepared", b"text/plain")
            return
        elements = decode(body)
        for item in elements if bodies else ():
            decode(item["request"]["body"])
        await respond(send, encode(prepared["answer"]), b"application/json")

    return app


def serve(kind: str, port: int) -> None:
    """Run one of the servers, in this process."""
    host = Host()
    app = partial(transformer_app, host) if kind == "springhead" else partial(floor, kind == "floor+bodies")
    serve_app(Worker(lambda _: app(), "json", "warning"), host="127.0.0.1", port=port, workers=1)


def bodies_of(elements: int, logs: int) -> list[str]:
    """The bodies of so many elements, each of so many logs."""
    if logs == 1:
        return [single([log(number)]).decode() for number in range(elements)]
    return [array([log(number) for number in range(logs)]).decode()] * elements


def script(folder: Path, array: list[dict[str, Any]]) -> Path:
    """Write the script that has wrk post an array."""
    body, path = folder / "array.json", folder / "post.lua"
    body.write_bytes(encode(array))
    path.write_text(_SCRIPT.format(body=body) + RESULT)
    return path


def prepare(ports: dict[str, int], bodies: list[str]) -> None:
    """Give the floors the answer to an array of these bodies."""
    host = Host()
    outcomes = [host.receive("auth0", Request(body=body.encode())) for body in bodies]
    answer = encode([{"output": {"batch": outcome.events}} for outcome in outcomes])
    for kind in KINDS[1:]:
        httpx.post(
            f"http://127.0.0.1:{ports[kind]}/prepare", content=answer, trust_env=False
        ).raise_for_status()


def measure(folder: Path, rounds: int, cases: dict[str, tuple[int, int]], connections: tuple[int, ...]) -> None:
    """Start the three servers, drive each case, and print what was measured."""
    ports = {kind: 19090 + number for number, kind in enumerate(KINDS)}
    processes = {kind: start(kind, str(port)) for kind, port in ports.items()}
    try:
        pids = {kind: worker(process) for kind, process in processes.items()}
        print(describe([log(number) for number in range(1_000)]), flush=True)
        print(f"springhead's worker at rest: {resident(pids['springhead']):.0f} MB resident", flush=True)
        for name, (elements, logs) in cases.items():
            bodies = bodies_of(elements, logs)
            prepare(ports, bodies)
            post = script(folder, [element(body) for body in bodies])
            for number in connections:
                runs: dict[str, list[Run]] = {kind: [] for kind in KINDS}
                for _ in range(rounds):
                    for kind in KINDS:
                        url = f"http://127.0.0.1:{ports[kind]}/v2/sources/auth0"
                        runs[kind].append(drive(url, post, number, pids[kind]))
                report(name, elements * logs, number, runs)
        peak, now = resident(pids["springhead"], "VmHWM"), resident(pids["springhead"])
        print(f"springhead's worker: {peak:.0f} MB resident at its peak, {now:.0f} MB after")
    finally:
        stop(list(processes.values()))


def soak(folder: Path) -> None:
    """Drive the transformer for a while, and print its memory meanwhile."""
    process = start("springhead", "19090")
    try:
        pid, url = worker(process), "http://127.0.0.1:19090/v2/sources/auth0"
        elements, logs = CASES["100 elements"]
        post = script(folder, [element(body) for body in bodies_of(elements, logs)])
        print(f"at rest: {resident(pid):.1f} MB resident", flush=True)
        began, next_, requests = time.monotonic(), 0.0, 0
        while (elapsed := time.monotonic() - began) < SOAK:
            requests += drive(url, post, 16, pid).requests
            if elapsed >= next_:
                events = requests * elements * logs
                print(f"{elapsed:5.0f} s  {events:12,} events  {resident(pid):6.1f} MB resident", flush=True)
                next_ += 30
        print(f"at its peak: {resident(pid, 'VmHWM'):.1f} MB resident")
    finally:
        stop([process])


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        need_tools()
        with tempfile.TemporaryDirectory() as temporary:
            if "--soak" in sys.argv:
                soak(Path(temporary))
            elif "--quick" in sys.argv:
                few = {name: CASES[name] for name in ("1 element", "100 elements")}
                measure(Path(temporary), 2, few, (16,))
            else:
                measure(Path(temporary), ROUNDS, CASES, CONNECTIONS)
