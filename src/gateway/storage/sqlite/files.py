"""Notices when the files of an open store are no longer those it writes to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from ..records import StoreUnusable
from .database import log_of
from .recovery import LOG_BEGINS


class Sizes(NamedTuple):
    """Bytes of the store's file and of its write-ahead log."""

    file: int
    log: int


class StoreFiles:
    """The files of the store at `path`, which must be open: SQLite keeps all three until it closes them.

    What is written to a file that was deleted or replaced is lost with the process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = log_of(path)
        self._index = path.with_name(f"{path.name}-shm")
        self._opened = {file: _identity(file.stat()) for file in (path, self._log, self._index)}

    def check(self, needed: int = 0) -> Sizes:
        """Return how large the files are; `needed` is the least that the file and the log must have together.

        Raises:
            StoreUnusable: a file is gone, is not the one that was opened, was truncated or overwritten.
        """
        try:
            stats = {path: path.stat() for path in self._opened}
            with self._log.open("rb") as opened:
                log_begins = opened.read(4)
        except FileNotFoundError as error:
            raise StoreUnusable(f"{error.filename} is gone: {self._advice(error.filename)}") from None
        except OSError as error:
            raise StoreUnusable(f"{error.filename} cannot be reached: {error.strerror}") from None
        for path, stat in stats.items():
            if _identity(stat) != self._opened[path]:
                raise StoreUnusable(f"{path} was replaced while it was open: {self._advice(path)}")
        file, log = stats[self._path].st_size, stats[self._log].st_size
        if not file or file + log < needed:
            raise StoreUnusable(f"{self._path} was truncated while it was open: restore a backup, and restart")
        if log_begins and log_begins not in LOG_BEGINS:
            advice = "end the gateway with SIGKILL, lest the damage goes into the store, and start it again"
            raise StoreUnusable(f"{self._log} was overwritten while it was open: {advice}")
        return Sizes(file, log)

    def _advice(self, path: Path | str) -> str:
        if Path(path) == self._path:
            return "put it back, and restart"
        return "stop the gateway with SIGTERM, which completes the store without it, and start it again"


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
