"""Refuses appends when space runs out, so that what was accepted can still be delivered."""

from __future__ import annotations

import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..records import StoreFull
from .database import size_on_disk

_VALID_SECONDS = 0.02
"""How long a check is valid, unless much is appended: each is three system calls."""
_VALID_SHARE = 16
"""A check is valid until this fraction of the limits (one sixteenth) has been appended."""


@dataclass(slots=True)
class Capacity:
    """The limits of the store at `path`.

    Attributes:
        path: the store's file.
        max_bytes: the most bytes its rows and its log may take; None for no limit.
        reserve: bytes left free on its disk, to lease and acknowledge what was accepted; 0 for no limit.
    """

    path: Path
    max_bytes: int | None
    reserve: int
    _valid_until: float = field(default=0.0, init=False)
    _valid_bytes: int = field(default=0, init=False)

    def check(self, connection: sqlite3.Connection, size: int) -> None:
        """Raise StoreFull if so many bytes do not fit, StoreUnusable if the files are gone."""
        self._valid_bytes -= size
        if self._valid_bytes < 0 or time.monotonic() >= self._valid_until:
            self._check_now(connection)
            self._valid_bytes = min(filter(None, (self.reserve, self.max_bytes)), default=0) // _VALID_SHARE
            self._valid_until = time.monotonic() + _VALID_SECONDS

    def _check_now(self, connection: sqlite3.Connection) -> None:
        _, log = size_on_disk(self.path)
        if self.max_bytes is not None and _bytes_used(connection) + log > self.max_bytes:
            raise StoreFull(
                f"{self.path} has reached its limit of {self.max_bytes} bytes: "
                "wait until events are delivered, drop dead letters, or raise the limit"
            )
        needed = self.reserve + log  # the log has yet to go into the file
        if self.reserve and shutil.disk_usage(self.path.parent).free < needed:
            raise StoreFull(
                f"the disk of {self.path} has fewer than {self.reserve} bytes to spare: "
                "free space on it, or wait until events are delivered"
            )


def _bytes_used(connection: sqlite3.Connection) -> int:
    """Bytes of the pages in use: deleted rows leave pages that new ones take."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
