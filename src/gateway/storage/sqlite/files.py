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
        file, log, _ = (self._stat(path).st_size for path in self._opened)
        if not file or file + log < needed:
            raise StoreUnusable(f"{self._path} was truncated while it was open: restore a backup, and restart")
        if log and not self._log_is_sound():
            advice = "end the gateway with SIGKILL, lest the damage goes into the store, and start it again"
            raise StoreUnusable(f"{self._log} was overwritten while it was open: {advice}")
        return Sizes(file, log)

    def _log_is_sound(self) -> bool:
        with self._log.open("rb") as log:
            return log.read(4) in LOG_BEGINS

    def _stat(self, path: Path) -> os.stat_result:
        try:
            stat = path.stat()
        except FileNotFoundError:
            raise StoreUnusable(f"{path} is gone: {self._advice(path)}") from None
        except OSError as error:
            raise StoreUnusable(f"{path} cannot be reached: {error.strerror}") from None
        if _identity(stat) != self._opened[path]:
            raise StoreUnusable(f"{path} was replaced while it was open: {self._advice(path)}")
        return stat

    def _advice(self, path: Path) -> str:
        if path == self._path:
            return "put it back, and restart"
        return "stop the gateway with SIGTERM, which completes the store without it, and start it again"


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
