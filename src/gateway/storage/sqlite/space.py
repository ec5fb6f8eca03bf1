"""Accounts for the bytes of a store, and gives those it no longer needs back to the disk."""

from __future__ import annotations

import sqlite3
import time
from typing import NamedTuple

from ..records import StoreSpace
from . import dedup

SPARE = 2**24
"""Bytes of free pages that the file keeps: to give them back and take them again costs more."""
_MIN_PART = 0.01
"""A description leaves out what holds less than this part of what the largest does."""
_SLICE_SECONDS = 0.01
"""How long one transaction may give pages back, so that no append waits long for it."""


class Pages(NamedTuple):
    """Bytes of all pages of the file once its log has gone into it, and of the free ones."""

    total: int
    free: int

    @property
    def used(self) -> int:
        """Bytes of the pages in use: deleted rows leave pages that new ones take."""
        return self.total - self.free


def pages_of(connection: sqlite3.Connection) -> Pages:
    """How large the file is, as the connection sees it."""
    count, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return Pages(count * size, free * size)


def space_of(connection: sqlite3.Connection, pages: Pages, log: int) -> StoreSpace:
    """What holds the space, from counters: nothing is scanned."""
    (dead_letters,) = connection.execute("SELECT ifnull(sum(kept_bytes), 0) FROM source").fetchone()
    ids = dedup.count(connection) * dedup.BYTES
    events = max(pages.used - dead_letters - ids, 0)
    return StoreSpace(events, dead_letters, ids, log, pages.free)


def describe(space: StoreSpace) -> str:
    """What holds the space, the largest part first, without what is small beside it."""
    parts = {
        "undelivered events": space.events,
        "dead letters and requests": space.dead_letters,
        "ids of accepted events": space.ids,
        "log": space.log,
        "free pages": space.free,
    }
    largest = max(parts.values())
    listed = sorted((-size, name) for name, size in parts.items() if size >= largest * _MIN_PART)
    return ", ".join(f"{megabytes(-size)} of {name}" for size, name in listed)


def megabytes(size: float) -> str:
    """So many bytes, as text."""
    return f"{size / 1e6:,.1f} MB"


def give_back(connection: sqlite3.Connection) -> bool:
    """Cut free pages off the file, if it was created to allow that; whether there may be more."""
    until = time.monotonic() + _SLICE_SECONDS
    free = pages_of(connection).free
    while free > SPARE:
        connection.execute("PRAGMA incremental_vacuum(1)")  # one step, which is one page whatever the number
        before, free = free, pages_of(connection).free
        if free == before:
            return False  # the file was created without auto_vacuum
        if time.monotonic() > until:
            return True
    return False
