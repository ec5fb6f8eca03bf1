"""Opens the SQLite file of a store, and says what SQLite's errors mean."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import structlog

from ....core.errors import SpringheadError
from ..records import StoreBusy, StoreFull, StoreUnusable
from .layout import LAYOUT, READABLE, update_layout
from .recovery import header_of, lost_frames, written_frames

_log = structlog.get_logger()

FILE = "store.sqlite"

_PAGE = 8192
"""Bytes of a page: events of 1 to 3 KB leave less of it empty than of SQLite's default, 4096."""

MAX_LOG = 2**24
"""Bytes at which the write-ahead log is moved into the file, unless there is less space for it."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_WRITE,
}
_UNUSABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


def open_writer(folder: Path, busy_timeout: float, *, create: bool, log: int = MAX_LOG) -> sqlite3.Connection:
    """Open the connection that writes, creating the store if `create` allows it; `log` as `MAX_LOG`.

    Raises:
        StoreUnusable: there is no store and `create` is False, or the store cannot be used.
        StoreBusy: another process held it for `busy_timeout` seconds.
        StoreFull: its disk has no space for the log.
    """
    path = folder / FILE
    try:
        header = header_of(log_of(path))
        written = written_frames(log_of(path)) if create else 0  # the gateway opens it first, and can say so
        if create:
            _make_file(path)
        elif not path.exists():
            raise StoreUnusable(
                f"there is no store in {folder}: start the gateway, or name the folder it keeps its data in"
            )
        connection = _connect(path, "rw", busy_timeout)
    except OSError as error:
        raise StoreUnusable(f"{path} cannot be created: {error.strerror}") from None
    try:
        lost = lost_frames(connection, log_of(path), header, written)
        _prepare(connection, path, log)
    except (sqlite3.Error, StoreUnusable) as error:
        connection.close()
        raise refusal(error, path) or error from None
    if lost:
        advice = "what it held is lost; after a power cut, that is nothing a sender was told is kept"
        _log.error("the write-ahead log was damaged", file=str(log_of(path)), pages=lost, advice=advice)
    return connection


def open_reader(folder: Path, busy_timeout: float) -> sqlite3.Connection:
    """Open a connection that can only read, of a store that is open for writing."""
    return _connect(folder / FILE, "ro", busy_timeout)


def refusal(error: Exception, path: Path) -> SpringheadError | None:
    """The error of the store that an error of SQLite stands for; None if it is not about the store's state."""
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if code in _BUSY:
        return StoreBusy(f"{path} is locked by another process: {error}; try again, or stop that process")
    if extended in _FULL:
        return StoreFull(f"{path} cannot grow: {error}; free space on its disk")
    if code in _UNUSABLE:
        advice = "check its permissions, restore a backup, or move it away, and restart"
        return StoreUnusable(f"{path} cannot be used: {error}; {advice}")
    return None


def log_of(path: Path) -> Path:
    """SQLite's write-ahead log of the file at `path`."""
    return path.with_name(f"{path.name}-wal")


def _make_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        # Never opened if it exists: closing it again would end SQLite's locks in this process.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    if not path.stat().st_size and written_frames(log_of(path)):
        raise StoreUnusable(f"{path} is empty, but its log is not: restore a backup, or move both away")


def _connect(path: Path, mode: str, busy_timeout: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(
            address,
            busy_timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            uri=True,
        )
        connection.execute("PRAGMA temp_store = MEMORY")  # only the store's folder may be writable
    except sqlite3.Error as error:
        raise refusal(error, path) or error from None
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, log: int) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in READABLE:
        raise StoreUnusable(
            f"{path} has layout {version}, but this version of springhead needs layout {LAYOUT}: "
            "deliver its events with the version that wrote it, or move it away to start a new one"
        )
    connection.execute(f"PRAGMA page_size = {_PAGE}")  # of a new file only, as is the next
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreUnusable(f"{path} is on a file system without shared memory: keep the data on a local disk")
    connection.execute(f"PRAGMA wal_autocheckpoint = {max(log // _PAGE, 1)}")
    connection.execute(f"PRAGMA journal_size_limit = {log}")  # a slow reader can make it grow
    connection.execute("PRAGMA cache_size = -16384")  # 16 MB
    update_layout(connection)  # in any case, so that a file that cannot be written says so now
