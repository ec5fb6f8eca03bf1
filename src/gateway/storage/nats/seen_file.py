"""Keeps the digests of accepted events in a file, which can be made again from the cluster."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import structlog

from .accepted import Accepted

ROWS = 300
"""Rows of one statement: after each, its thread waits for the interpreter. Any SQLite takes 999 values."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    digest BLOB PRIMARY KEY,
    number INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS forgotten (
    digest BLOB PRIMARY KEY,
    number INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (subject TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream (created TEXT NOT NULL);
"""
_KEEP_FIRST = """WHERE NOT EXISTS (
        SELECT 1 FROM forgotten WHERE forgotten.digest = column1 AND forgotten.number >= column2)
    ON CONFLICT (digest) DO UPDATE SET number = excluded.number, at = excluded.at
    WHERE excluded.number < number OR excluded.at - at > ?"""
"""The first of several is the one that counts, unless it is past the window, or may be accepted again."""
_FORGET = """INSERT INTO forgotten VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE
    SET number = excluded.number, at = excluded.at WHERE excluded.number > number"""
"""What came before that, and is read of the stream later, is not recorded."""
_PRUNE = "DELETE FROM seen WHERE digest IN (SELECT digest FROM seen WHERE at <= ? ORDER BY at LIMIT ?)"

_log = structlog.get_logger()


class SeenFile:
    """The digests, each with the number of its event, and up to where the cluster's stream of them was read."""

    def __init__(self, path: Path, window: float, created: str) -> None:
        """As `Seen`."""
        self._path = path
        self._window = window
        self._connection = _open_or_remake(path, created)

    def position(self, subject: str) -> int:
        """Up to which sequence the messages of a subject are in the file."""
        query = "SELECT max(sequence) FROM position WHERE subject = ?"
        return self._connection.execute(query, (subject,)).fetchone()[0] or 0

    def prune(self, now: float) -> bool:
        """Forget some of what is past the window, and return whether there was any."""
        values = (now - self._window, ROWS)
        self._connection.execute("DELETE FROM forgotten WHERE at <= ?", values[:1])
        return self._connection.execute(_PRUNE, values).rowcount > 0

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def remove_if_damaged(self, error: sqlite3.Error) -> None:
        """Have the next start make it again if this is the error of a damaged file."""
        if _is_damage(error):
            _remove(self._path)

    def find(self, digests: Sequence[bytes]) -> dict[bytes, Accepted]:
        """Those of these digests that are in the file."""
        found: dict[bytes, Accepted] = {}
        for first in range(0, len(digests), ROWS):
            part = digests[first : first + ROWS]
            places = ",".join("?" * len(part))
            query = f"SELECT * FROM seen WHERE digest IN ({places})"  # noqa: S608 - no value in it
            found |= {row[0]: Accepted(*row) for row in self._connection.execute(query, part).fetchall()}
        return found

    def write(self, accepted: Sequence[Accepted], subject: str = "", sequence: int = 0) -> None:
        """Record these as accepted, as they were read from a subject up to this sequence, if there is one."""
        for start in range(0, len(accepted), ROWS):
            part = accepted[start : start + ROWS]
            statement = (
                f"INSERT INTO seen SELECT * FROM (VALUES {', '.join(['(?, ?, ?)'] * len(part))}) {_KEEP_FIRST}"  # noqa: S608 - no value in it
            )
            self._connection.execute(statement, (*chain.from_iterable(part), self._window))
        self._note_position(subject, sequence)

    def forget(self, accepted: Sequence[Accepted], subject: str, sequence: int) -> None:
        """Let these be accepted again."""
        values = [(one.digest, one.number) for one in accepted]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM seen WHERE digest = ? AND number <= ?", values)
            self._connection.executemany(_FORGET, accepted)
            self._note_position(subject, sequence)

    def _note_position(self, subject: str, sequence: int) -> None:
        if subject:
            self._connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?)", (subject, sequence))


def _open_or_remake(path: Path, created: str) -> sqlite3.Connection:
    try:
        return _open(path, created)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
    _log.warning("the file of accepted ids is damaged; they are read again", path=str(path))
    _remove(path)
    return _open(path, created)


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether a file is damaged: errors that pass, as of a lock or a full disk, have a class of their own."""
    return type(error) is sqlite3.DatabaseError


def _open(path: Path, created: str) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    try:
        _prepare(connection, created)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, created: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")  # what undoes a statement would go to a file of its own
    connection.executescript(_SCHEMA)
    if connection.execute("SELECT created FROM stream").fetchone() != (created,):
        for table in ("seen", "forgotten", "position", "stream"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - no value in it
        connection.execute("INSERT INTO stream VALUES (?)", (created,))


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
