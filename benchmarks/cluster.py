"""Measures what gateways on a NATS cluster take of a processor for an event, beside one on SQLite.

Three servers, with `sync_interval: always`, keep every event (R3), or one of them does (R1), durable before it
counts. wrk posts as in benchmarks/gateway.py, and each gateway delivers to a file meanwhile. All of it shares
the cores of one machine, and the rates are those of a machine that does everything. Read the processor time of
an event, from its arrival until it is delivered, without what is used at rest: a cluster of many machines can
be reckoned from that.

With --gateways the senders of each gateway keep a pace that leaves most of the machine idle, so that it is the
same for any number of gateways.

    python benchmarks/cluster.py [--quick]             one gateway on each store, in turn
    python benchmarks/cluster.py --gateways [--quick]  1 to 8 gateways that share the servers
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx

from driving import Run, cpu, drive, need_tools, worker
from gateway import CASES, KEY, script
from nats_servers import Servers, running_servers
from springhead import Host
from springhead.gateway.run import serve_gateway
from springhead.gateway.settings import load_settings

ROUNDS = 5
CONNECTIONS = 16
PACED_CONNECTIONS = 4
PACE = """
delay = function()
  return math.random(0, 1000)
end
"""
"""For wrk: two requests a second of each connection."""
SECONDS = 10
REST_SECONDS = 5
GATEWAYS = (1, 2, 4, 8)
_ports = count(19500, 2)
_run_numbers = count(int(time.time()) % 100_000)
_SETTINGS = """
[gateway]
port = {port}
admin = "127.0.0.1:{admin}"
data = "data-{port}"
[delivery]
to = "file:delivered-{port}.jsonl"
[store]
{store}
[[source]]
name = "Auth0"
type = "auth0"
write_key = "{key}"
"""


@dataclass(frozen=True)
class Gateway:
    """A gateway that runs: its port, its processes, and the id of the one that does the work."""

    port: int
    process: subprocess.Popen[bytes]
    pid: int

    def undelivered(self) -> int:
        """How many events wait in its store."""
        status = httpx.get(f"http://127.0.0.1:{self.port + 1}/api/status", trust_env=False, timeout=30).json()
        return int(sum(source["undelivered"] for source in status["sources"]))


class Result(NamedTuple):
    """What one round measured: events, seconds, the worst p99 in ms, and processor seconds of both sides."""

    events: int
    seconds: float
    p99: float
    gateways: float
    servers: float


@contextmanager
def running_gateways(folder: Path, number: int, store: str) -> Iterator[list[Gateway]]:
    """Run so many gateways on one store until the end of the block."""
    processes: list[tuple[int, subprocess.Popen[bytes]]] = []
    try:
        for port in [next(_ports) for _ in range(number)]:
            settings = _SETTINGS.format(port=port, admin=port + 1, store=store, key=KEY)
            (folder / f"{port}.toml").write_text(settings)
            command = [sys.executable, sys.argv[0], "serve", str(folder / f"{port}.toml")]
            processes.append((port, subprocess.Popen(command)))
        yield [Gateway(port, process, worker(process)) for port, process in processes]
    finally:
        for _, process in processes:
            process.terminate()
        for _, process in processes:
            process.wait(90)


def measure(
    folder: Path, case: str, gateways: list[Gateway], servers: Servers, *, paced: bool = False
) -> Result:
    """Post to all gateways at once, as fast as each answers unless `paced`, and wait until all is delivered."""
    logs, _ = CASES[case]
    scripts = []
    for gateway in gateways:
        own = folder / f"posts-{gateway.port}"
        own.mkdir(exist_ok=True)
        scripts.append(script(own, case, next(_run_numbers)))
        if paced:
            scripts[-1].write_text(scripts[-1].read_text() + PACE)
    connections = PACED_CONNECTIONS if paced else CONNECTIONS
    rest = at_rest(gateways, servers)
    before, started = used_by(gateways, servers), time.perf_counter()

    def post(gateway: Gateway, posts: Path) -> Run:
        return drive(f"http://127.0.0.1:{gateway.port}", posts, connections, gateway.pid, SECONDS)

    with ThreadPoolExecutor(len(gateways)) as threads:
        runs = list(threads.map(post, gateways, scripts))
    while gateways[0].undelivered():
        time.sleep(1)
    passed = time.perf_counter() - started
    after = used_by(gateways, servers)
    used = [end - start - passed * idle for start, end, idle in zip(before, after, rest, strict=True)]
    events = sum(run.requests for run in runs) * logs
    p99 = 0.0 if paced else max(run.p99 for run in runs)  # wrk counts its own pauses
    return Result(events, max(run.seconds for run in runs), p99, used[0], used[1])


def used_by(gateways: list[Gateway], servers: Servers) -> tuple[float, float]:
    """Processor seconds that the gateways have used, and the servers."""
    return sum(cpu(gateway.pid) for gateway in gateways), servers.cpu()


def at_rest(gateways: list[Gateway], servers: Servers) -> list[float]:
    """The same in each second in which nothing happens: as parts of a core."""
    before, started = used_by(gateways, servers), time.perf_counter()
    time.sleep(REST_SECONDS)
    passed = time.perf_counter() - started
    return [(end - start) / passed for start, end in zip(before, used_by(gateways, servers), strict=True)]


def report(name: str, results: list[Result], floor: float | None = None) -> float:
    """Print the medians of the rounds, and return the gateways' processor time for an event in us."""
    rate = median(one.events / one.seconds for one in results)
    gateways, servers = (
        median(getattr(one, side) / one.events * 1e6 for one in results) for side in ("gateways", "servers")
    )
    part = f"  {floor / gateways:4.0%} of sqlite" if floor else ""
    p99 = median(one.p99 for one in results)
    times = f"p99 {p99:7.1f} ms  " if p99 else ""
    used = f"gateways {gateways:6.1f} us/ev, servers {servers:6.1f} us/ev"
    print(f"{name:28} {rate:8,.0f} ev/s  {times}{used}{part}", flush=True)
    return float(gateways)


def compare(folder: Path, rounds: int) -> None:
    """Measure one gateway on each store, in turn."""
    with running_servers(folder) as servers:
        stores = {
            "sqlite": "",
            "nats R3": f'url = "{servers.url}"\nname = "three"',
            "nats R1": f'url = "{servers.url}"\nname = "one"\nreplicas = 1',
        }
        for case in ("array of 100", "1 log"):
            results: dict[str, list[Result]] = {name: [] for name in stores}
            for _ in range(rounds):
                for name, store in stores.items():
                    with running_gateways(folder, 1, store) as gateways:
                        time.sleep(2)
                        results[name].append(measure(folder, case, gateways, servers))
            floor = report(f"{case}, sqlite", results.pop("sqlite"))
            for name, measured in results.items():
                report(f"{case}, {name}", measured, floor)


def share(folder: Path, rounds: int) -> None:
    """Measure more and more gateways on one cluster."""
    with running_servers(folder) as servers:
        for number in GATEWAYS:
            with running_gateways(folder, number, f'url = "{servers.url}"') as gateways:
                time.sleep(10)  # until the buckets are shared out
                results = [
                    measure(folder, "array of 100", gateways, servers, paced=True) for _ in range(rounds)
                ]
            report(f"array of 100, {number} gateway{'s' if number > 1 else ''}", results)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve_gateway(Host(), load_settings(sys.argv[2]), "json", "error")
    else:
        need_tools()
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path.cwd()) as temporary:
            (share if "--gateways" in sys.argv else compare)(
                Path(temporary), 2 if "--quick" in sys.argv else ROUNDS
            )
