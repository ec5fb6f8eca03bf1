"""Whether there is room to accept more: asked before each append, so that what is accepted can be delivered."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ..store import StoreFull
from .lookup import log_of


@dataclass(frozen=True, slots=True)
class Room:
    """The limits of the store at `path`.

    Attributes:
        path: of its file.
        max_bytes: the most that its rows and its log may take; None for no such limit.
        reserve: bytes left free on its disk, for the log and for settling what is delivered.
    """

    path: Path
    max_bytes: int | None
    reserve: int

    def check(self, connection: sqlite3.Connection) -> None:
        """Raises StoreFull where nothing more may be accepted."""
        if self.max_bytes is not None and self._used(connection) > self.max_bytes:
            raise StoreFull(
                f"{self.path} has reached its limit of {self.max_bytes} bytes: "
                "wait until events are delivered, drop dead letters, or raise the limit"
            )
        if shutil.disk_usage(self.path.parent).free < self.reserve:
            raise StoreFull(
                f"the disk of {self.path} has less than {self.reserve} bytes free: "
                "free space on it, or wait until events are delivered"
            )

    def _used(self, connection: sqlite3.Connection) -> int:
        """Bytes of the log and of pages in use: deleted rows leave pages that new ones take."""
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        log = log_of(self.path)
        return int((pages - free) * size) + (log.stat().st_size if log.exists() else 0)
