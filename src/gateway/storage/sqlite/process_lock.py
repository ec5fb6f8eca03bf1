"""Who claims from a store: its folder in, since when leases count out, so that a crash holds up nothing."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


class Claimant:
    """One of the processes that may claim from the store in `folder`; the first of them locks it.

    A process that dies leaves leases behind. Whoever finds the folder unlocked knows that nobody is at work on
    them, and need not wait until they end.
    """

    def __init__(self, folder: Path) -> None:
        self._began = time.time()
        self._alone = False
        self._folder: int | None = os.open(folder, os.O_RDONLY)

    def since(self) -> float:
        """The time before which leases are those of processes that are gone; 0 where one still claims."""
        if not self._alone and self._folder is not None:
            try:
                fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return 0.0
            self._alone = True
        return self._began

    def close(self) -> None:
        """Let another one claim alone."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None
