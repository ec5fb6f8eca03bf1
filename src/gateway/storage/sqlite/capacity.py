"""Refuses appends when space runs out, so that what was accepted can still be delivered."""

from __future__ import annotations

import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..records import StoreFull, StoreSpace
from .files import StoreFiles
from .space import Pages, pages_of, space_of

_VALID_SECONDS = 0.02
"""How long a check is valid, unless much is appended: each is a few system calls."""
_VALID_SHARE = 16
"""A check is valid until this fraction of the limits (one sixteenth) has been appended."""
_MIN_SHARE = 0.01
"""A refusal leaves out what holds less than this share of what the largest part does."""


@dataclass(slots=True)
class Capacity:
    """The limits of the store at `path`.

    Attributes:
        path: the store's file.
        files: the same with its log and its index.
        max_bytes: the most bytes its rows and its log may take; None for no limit.
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

    def check(self, connection: sqlite3.Connection, size: int) -> None:
        """Raise StoreFull if so many bytes do not fit, StoreUnusable if the files are damaged."""
        self._valid_bytes -= size
        if self._valid_bytes < 0 or time.monotonic() >= self._valid_until:
            self._check_now(connection)
            self._valid_bytes = min(filter(None, (self.reserve, self.max_bytes)), default=0) // _VALID_SHARE
            self._valid_until = time.monotonic() + _VALID_SECONDS

    def _check_now(self, connection: sqlite3.Connection) -> None:
        pages = pages_of(connection)
        file, log = self.files.check(needed=pages.total)
        if self.max_bytes is not None and pages.used + log > self.max_bytes:
            space = space_of(connection, pages, log)
            raise StoreFull(
                f"{self.path} has reached its limit of {self.max_bytes} bytes: "
                f"it holds {_described(space)}; {_advice(space)}, or raise max_bytes"
            )
        if self.reserve and not self._disk_has_space(pages, file, log):
            space = space_of(connection, pages, log)
            raise StoreFull(
                f"the disk of {self.path} has fewer than {self.reserve} bytes to spare: "
                f"free space on it; the store holds {_described(space)}"
            )

    def _disk_has_space(self, pages: Pages, file: int, log: int) -> bool:
        """Whether the log, and the file once the log has gone into it, leave the reserve.

        Free pages of the file are as good as free space on the disk, but not for the log.
        """
        free = shutil.disk_usage(self.path.parent).free
        return free + file - pages.used >= self.reserve and free + log >= self.log // 2


def _described(space: StoreSpace) -> str:
    """What holds the space, the largest part first, without what is small beside it."""
    parts = {
        "undelivered events": space.events,
        "dead letters and requests": space.dead_letters,
        "ids of accepted events": space.ids,
        "log": space.log,
        "free pages": space.free,
    }
    largest = max(parts.values())
    listed = sorted((-size, name) for name, size in parts.items() if size >= largest * _MIN_SHARE)
    return ", ".join(f"{-size / 1e6:,.1f} MB of {name}" for size, name in listed)


def _advice(space: StoreSpace) -> str:
    """How to make room in what holds the most."""
    _, advice = max(
        (space.events, "wait until events are delivered"),
        (space.dead_letters, "drop dead letters"),
        (space.ids, "lower window_days"),
    )
    return advice
