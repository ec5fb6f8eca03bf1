"""Drives servers on one core with wrk on another, for the benchmarks over HTTP."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, CLIENT_CORE = "1", "0"
SECONDS = 2
"""How long wrk runs each time."""
RESULT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""
"""The end of every script for wrk: it prints what was measured, for `drive` to read."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """What one run of wrk measured: requests, seconds, latencies in ms, processor seconds of the server."""

    requests: int
    seconds: float
    p50: float
    p99: float
    cpu: float


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Start this script again on the server's core, as one of the servers it measures."""
    return subprocess.Popen(["taskset", "-c", SERVER_CORE, sys.executable, sys.argv[0], "serve", *arguments])


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(30)


def worker(process: subprocess.Popen[bytes]) -> int:
    """The process id of a server's only worker, once it has had the time to start."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (workers := children.read_text().split()):
        if process.poll() is not None:
            sys.exit("a server did not start: it says above why")
        time.sleep(0.1)
    time.sleep(2)
    return int(workers[0])


def cpu(pid: int) -> float:
    """Processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int, name: str = "VmRSS") -> float:
    """Resident memory of a process in MB: now, or at its peak (`VmHWM`)."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1000 if found else 0.0


def drive(url: str, script: Path, connections: int, pid: int, seconds: int = SECONDS) -> Run:
    """Run wrk once."""
    options = [f"-c{connections}", f"-d{seconds}", "--timeout", "30s", "-s", str(script), url]
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", *options]
    before = cpu(pid)
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu(pid) - before
    result = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", output)
    if result is None or int(result[5]):
        sys.exit(f"wrk failed at {url}: {output}")
    requests, microseconds, p50, p99 = map(int, result.groups()[:4])
    return Run(requests, microseconds / 1e6, p50 / 1e3, p99 / 1e3, used)


def report(name: str, events: int, connections: int, runs: dict[str, list[Run]]) -> None:
    """Print a line for each kind of server: the median of its rounds, and the first's ratio to the others."""
    rates = {kind: statistics.median(run.requests / run.seconds for run in runs[kind]) for kind in runs}
    first, *floors = rates
    for kind, rate in rates.items():
        p50, p99 = (statistics.median(getattr(run, key) for run in runs[kind]) for key in ("p50", "p99"))
        cpu_seconds = sum(run.cpu for run in runs[kind]) / sum(run.requests for run in runs[kind]) / events
        ratios = "".join(f"  {rate / rates[floor]:4.0%} of {floor}" for floor in floors if kind == first)
        measured = f"{rate:8,.0f} req/s {rate * events:9,.0f} ev/s"
        times = f"p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  cpu {cpu_seconds * 1e6:6.1f} us/ev"
        print(f"{name:22} {connections:3} conn  {kind:13} {measured}  {times}{ratios}", flush=True)


def need_tools() -> None:
    """End where a tool is not installed."""
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed; wrk is Debian's package wrk")
