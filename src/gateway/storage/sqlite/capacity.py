"""Whether there is room to accept more: asked before appends, so that what is accepted can be delivered."""

from __future__ import annotations

import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..records import StoreFull
from .dead_letters import on_disk

_GOOD_FOR = 0.02
"""Seconds for which there is room once there was, unless much is appended: a look is three system calls."""
_MUCH = 16
"""A part of the limits that is much."""


@dataclass(slots=True)
class Room:
    """The limits of the store at `path`.

    Attributes:
        path: of its file.
        max_bytes: the most that its rows and its log may take; None for no such limit.
        reserve: bytes left free on its disk, for leasing and settling what was accepted; 0 for no such limit.
    """

    path: Path
    max_bytes: int | None
    reserve: int
    _good_until: float = field(default=0.0, init=False)
    _good_for: int = field(default=0, init=False)

    def check(self, connection: sqlite3.Connection, size: int) -> None:
        """Raises StoreFull where not so much may be accepted, StoreUnusable where the files are gone."""
        self._good_for -= size
        if self._good_for < 0 or time.monotonic() >= self._good_until:
            self._look(connection)
            self._good_for = min(filter(None, (self.reserve, self.max_bytes)), default=0) // _MUCH
            self._good_until = time.monotonic() + _GOOD_FOR

    def _look(self, connection: sqlite3.Connection) -> None:
        _, logged = on_disk(self.path)
        if self.max_bytes is not None and _used(connection) + logged > self.max_bytes:
            raise StoreFull(
                f"{self.path} has reached its limit of {self.max_bytes} bytes: "
                "wait until events are delivered, drop dead letters, or raise the limit"
            )
        needed = self.reserve + logged  # the log has yet to go into the file
        if self.reserve and shutil.disk_usage(self.path.parent).free < needed:
            raise StoreFull(
                f"the disk of {self.path} has not {self.reserve} bytes to spare: "
                "free space on it, or wait until events are delivered"
            )


def _used(connection: sqlite3.Connection) -> int:
    """Bytes of pages in use: deleted rows leave pages that new ones take."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
