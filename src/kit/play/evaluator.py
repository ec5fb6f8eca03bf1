"""Has a process try sources, and ends the process when that takes too long."""

from __future__ import annotations

import multiprocessing
import shutil
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import msgspec

from .errors import EvaluationFailed
from .worker import Task, run_tasks

TIME_LIMIT = 10.0
"""Seconds that one task may take."""


START_LIMIT = 60.0
"""Seconds that its process may take to start, on a machine that is busy."""


class Evaluator:
    """Runs tasks one after another, in a process that is started at once and again when it ends."""

    def __init__(self, seconds: float = TIME_LIMIT) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._folder = TemporaryDirectory(prefix="springhead-play-")
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._is_ready = False
        self._start()

    def run(self, task: Task) -> bytes:
        """Return the result of a task, as JSON.

        Raises:
            EvaluationFailed: it takes longer than the limit, or its process ends.
        """
        with self._lock:
            connection = self._connection or self._start()
            try:
                self._await_start(connection)
                connection.send_bytes(msgspec.json.encode(task))
                if connection.poll(self._seconds):
                    return connection.recv_bytes()
            except (EOFError, OSError):
                self._end()
                reason = "this ended the process it ran in: it may need too much memory"
                raise EvaluationFailed(reason) from None
            self._end()
            raise EvaluationFailed(f"this takes longer than {self._seconds:g} seconds")

    def stop(self) -> None:
        """Interrupt what runs; it fails."""
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process, and remove its files."""
        with self._lock:
            self._end()
            self._folder.cleanup()

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=run_tasks, args=(other, self._folder.name), daemon=True)
        self._process.start()
        other.close()
        return self._connection

    def _await_start(self, connection: Connection) -> None:
        """Wait until the process is ready, which is not part of what a task may take."""
        if not self._is_ready:
            if not connection.poll(START_LIMIT):
                raise EOFError
            connection.recv_bytes()
            self._is_ready = True

    def _end(self) -> None:
        """End the process and what it left behind."""
        if self._process is not None and self._connection is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            for left in Path(self._folder.name).iterdir():
                shutil.rmtree(left, ignore_errors=True)
        self._process = self._connection = None
        self._is_ready = False
