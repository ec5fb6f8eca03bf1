"""The process an operator starts, and the workers it keeps running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.servers import until

SCRIPT = """
import os, signal, time
from springhead.server import log
from springhead.server.supervisor import Supervisor
log.configure("json", "info")
open({ready!r}, "w").close()
{body}
Supervisor(work, {count}).run(lambda: None, {on_hangup})
"""


@contextmanager
def supervised(
    folder: Path, body: str, count: int = 1, wrap: str = "", on_hangup: str = "None"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a supervisor whose workers do `work`, as defined in the body, until the end of the block."""
    script = folder / "supervised.py"
    script.write_text(SCRIPT.format(ready=str(folder / "ready"), body=body, count=count, on_hangup=on_hangup))
    command = ["sh", "-c", f"{wrap} exec {shlex.quote(sys.executable)} {shlex.quote(str(script))}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until((folder / "ready").exists)
        yield process
    finally:
        for pid in workers(process):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()


def workers(process: subprocess.Popen[bytes]) -> list[int]:
    """The process ids of the workers."""
    try:
        return [
            int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ]
    except FileNotFoundError:
        return []


SLEEPING = "def work(number): time.sleep(600)"
BUSY = """
def work(number):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open({busy!r}, "w").close()
    time.sleep(600)
"""
"""A worker that does not finish what it is at."""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("wrap", ["", "trap '' INT;", "trap '' INT HUP;"])
def test_a_signal_ends_it(tmp_path: Path, number: signal.Signals, wrap: str) -> None:
    """Also where SIGINT is ignored at the start, as a shell does for what it runs in the background."""
    with supervised(tmp_path, SLEEPING, count=3, wrap=wrap) as process:
        until(lambda: len(workers(process)) == 3)
        pids = workers(process)

        process.send_signal(number)

        assert process.wait(60) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_terminal_that_goes_away_does_not_end_it(tmp_path: Path) -> None:
    """SIGHUP ends neither it nor a worker."""
    with supervised(tmp_path, SLEEPING, count=2) as process:
        until(lambda: len(workers(process)) == 2)
        pids = workers(process)

        for pid in (process.pid, *pids):
            os.kill(pid, signal.SIGHUP)
        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0
        assert b"died" not in (tmp_path / "log").read_bytes()


@pytest.mark.parametrize("answer", ["True", "False"])
def test_a_hangup_is_passed_on_where_it_is_wanted(tmp_path: Path, answer: str) -> None:
    """Even if the worker is not ready for it yet."""
    called, passed = tmp_path / "called", tmp_path / "passed"
    body = f"""
def work(number):
    while not os.path.exists({str(called)!r}): time.sleep(0.01)
    signal.signal(signal.SIGHUP, lambda *_: open({str(passed)!r}, "w").close())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    time.sleep(600)
"""
    on_hangup = f"lambda: (open({str(called)!r}, 'w').close(), {answer})[1]"
    with supervised(tmp_path, body, on_hangup=on_hangup) as process:
        until(lambda: len(workers(process)) == 1)
        process.send_signal(signal.SIGHUP)
        until(called.exists)
        if answer == "True":
            until(passed.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert passed.exists() == (answer == "True")


@pytest.mark.slow
def test_workers_that_die_are_replaced_again_and_again(tmp_path: Path) -> None:
    """Each time after a longer pause."""
    with supervised(tmp_path, SLEEPING, count=2) as process:
        for _ in range(4):
            pids = until(lambda: found if len(found := workers(process)) == 2 else [])
            os.kill(pids[0], signal.SIGKILL)
            after = until(lambda: found if len(found := {*workers(process)} - {pids[0]}) == 2 else set())  # noqa: B023

            assert pids[1] in after

        log = (tmp_path / "log").read_text()
        assert [pause for pause in ("0.1", "0.2", "0.4", "0.8") if f'"backoff":{pause}' in log] == [
            "0.1",
            "0.2",
            "0.4",
            "0.8",
        ]


@pytest.mark.slow
def test_a_replacement_has_the_number_of_the_one_that_died(tmp_path: Path) -> None:
    """What each worker has of its own is found again."""
    body = f"""
def work(number):
    open({str(tmp_path)!r} + f"/worker-{{number}}-{{os.getpid()}}", "w").close()
    time.sleep(600)
"""

    def numbers() -> list[str]:
        return sorted(path.name.split("-")[1] for path in tmp_path.glob("worker-*"))

    with supervised(tmp_path, body, count=3):
        until(lambda: len(numbers()) == 3)
        (second,) = tmp_path.glob("worker-2-*")
        os.kill(int(second.name.split("-")[2]), signal.SIGKILL)
        until(lambda: len(numbers()) == 4)

    assert numbers() == ["1", "2", "2", "3"]


def test_a_worker_that_cannot_start_ends_it(tmp_path: Path) -> None:
    """At the beginning: no use in trying again what never worked."""
    with supervised(tmp_path, "def work(number): raise SystemExit(3)") as process:
        assert process.wait(60) == 1


@pytest.mark.slow
def test_a_replacement_that_cannot_start_is_tried_again(tmp_path: Path) -> None:
    """What hinders it may pass, and the address is served again."""
    flag = tmp_path / "flag"
    body = f"""
def work(number):
    if os.path.exists({str(flag)!r}): raise SystemExit(3)
    time.sleep(600)
"""
    with supervised(tmp_path, body) as process:
        until(lambda: len(workers(process)) == 1)
        (first,) = workers(process)
        flag.touch()
        os.kill(first, signal.SIGKILL)
        until(lambda: (tmp_path / "log").read_bytes().count(b"died") >= 3)
        flag.unlink()

        until(lambda: len(workers(process)) == 1 and workers(process) != [first])
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    """Who presses Ctrl-C again wants it to end; the exit code says that something was cut off."""
    with supervised(tmp_path, BUSY.format(busy=str(tmp_path / "busy"))) as process:
        until((tmp_path / "busy").exists)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None

        process.send_signal(signal.SIGINT)

        assert process.wait(60) == 1


def test_a_second_request_to_end_is_not_an_interrupt(tmp_path: Path) -> None:
    """Some send SIGTERM to a whole group, and to its first process besides."""
    with supervised(tmp_path, BUSY.format(busy=str(tmp_path / "busy"))) as process:
        until((tmp_path / "busy").exists)
        for _ in range(3):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)

        assert process.poll() is None
