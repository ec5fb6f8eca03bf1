"""Refuses appends when space runs out, so that what was accepted can still be delivered."""

from __future__ import annotations

import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..records import StoreFull
from .files import StoreFiles
from .shares import Shares, shares_of
from .space import Pages, describe, pages_of, space_of

_VALID_SECONDS = 0.02
"""How long a check is valid, unless much is appended: each is a few system calls."""
_VALID_SHARE = 16
"""A check is valid until this fraction of the limits (one sixteenth) has been appended."""


@dataclass(slots=True)
class Capacity:
    """The limits of the store at `path`.

    Attributes:
        path: the store's file.
        files: the same with its log and its index.
        max_bytes: bytes of its rows and its log at which sources are held to their shares; None for no limit.
        reserve: bytes left free on its disk, to lease and acknowledge what was accepted; 0 for no limit.
        log: bytes that its log usually takes.
    """

    path: Path
    files: StoreFiles
    max_bytes: int | None
    reserve: int
    log: int
    _valid_until: float = field(default=0.0, init=False)
    _valid_bytes: int = field(default=0, init=False)

    def check(self, connection: sqlite3.Connection, size: int) -> Shares | None:
        """None if so many bytes fit; at `max_bytes`, the shares of the sources, which may refuse some of them.

        Raises:
            StoreFull: the disk is full.
            StoreUnusable: the files are damaged.
        """
        self._valid_bytes -= size
        if self._valid_bytes >= 0 and time.monotonic() < self._valid_until:
            return None
        pages = pages_of(connection)
        file, log = self.files.check(needed=pages.total)
        if self.reserve and not self._disk_has_space(pages, file, log):
            raise StoreFull(
                f"the disk of {self.path} has fewer than {self.reserve} bytes to spare: "
                f"free space on it; the store holds {describe(space_of(connection, pages, log))}"
            )
        counted = min(log, self.log)  # a slow reader makes it longer for a while
        if self.max_bytes is not None and pages.used + counted > self.max_bytes:
            return shares_of(connection, self.path, space_of(connection, pages, counted), self.max_bytes)
        self._valid_bytes = min(filter(None, (self.reserve, self.max_bytes)), default=0) // _VALID_SHARE
        self._valid_until = time.monotonic() + _VALID_SECONDS
        return None

    def _disk_has_space(self, pages: Pages, file: int, log: int) -> bool:
        """Whether the log, and the file once the log has gone into it, leave the reserve.

        Free pages of the file are as good as free space on the disk, but not for the log.
        """
        free = shutil.disk_usage(self.path.parent).free
        return free + file - pages.used >= self.reserve and free + log >= self.log // 2
