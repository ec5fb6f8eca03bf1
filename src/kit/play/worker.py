"""The process in which sources are tried, so that one that takes too long or too much memory can be ended."""

from __future__ import annotations

import resource
import shutil
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from ...core.codec import Object
from ...core.errors import SpringheadError
from .drafting import draft
from .review import review_source
from .snapshot import Snapshot
from .trial import expected_outcome, try_source

MEMORY_LIMIT = 1 << 30
"""Bytes of address space; a bundled source and its fixtures take a twentieth of it."""

TASKS = {"try": try_source, "review": review_source, "expect": expected_outcome, "draft": draft}


class Task(msgspec.Struct, frozen=True):
    """What is to be done with a snapshot: one of `TASKS`."""

    name: str
    snapshot: Snapshot


def run_tasks(connection: Connection, folder: str) -> None:
    """Run the tasks that arrive on a connection; `folder` is for temporary files.

    A connection that closes means that the server was killed, so the folder is removed here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which ends this process
    with suppress(ValueError, OSError):  # a lower limit is in force, or the system has none
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    with suppress(EOFError, OSError):
        connection.send_bytes(b"ready")
        while True:
            task = msgspec.json.decode(connection.recv_bytes(), type=Task)
            connection.send_bytes(msgspec.json.encode(_result(task, Path(folder))))
    shutil.rmtree(folder, ignore_errors=True)


def _result(task: Task, folder: Path) -> Object:
    try:
        return TASKS[task.name](task.snapshot, folder)
    except MemoryError:
        return {"error": "this takes more memory than the playground gives it"}
    except (SpringheadError, RecursionError) as error:
        return {"error": str(error)}
