"""Tells the leases of dead processes from those of one that still runs."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import structlog

_log = structlog.get_logger()


class ProcessLock:
    """One of the processes that may claim from the store in `folder`; the first of them locks it.

    A process that dies leaves leases behind. A process that finds the folder unlocked knows that those leases
    are dead, and need not wait until they end. A process that finds it locked says so in the log, once.
    """

    def __init__(self, folder: Path) -> None:
        self._started = time.monotonic()
        self._locked = self._warned = False
        self._path = folder
        self._folder: int | None = os.open(folder, os.O_RDONLY)

    def leases_count_since(self) -> float:
        """The time since which leases count, older ones being dead; 0 while another process holds the lock.

        It is when this process started, by the system's clock as it is set now: new leases go by that.
        """
        if not self.take():
            self._warn()
            return 0.0
        return time.time() - (time.monotonic() - self._started)

    def take(self) -> bool:
        """Lock the folder, and return whether this process holds the lock."""
        if not self._locked and self._folder is not None:
            try:
                fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._locked = True
        return True

    def _warn(self) -> None:
        if not self._warned:
            advice = "stop one of the two, unless it is stopping: events may be delivered out of order"
            _log.warning("another process delivers from this store", folder=str(self._path), advice=advice)
            self._warned = True

    def close(self) -> None:
        """Release the lock."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None
