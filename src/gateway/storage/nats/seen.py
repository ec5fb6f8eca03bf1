"""Recognises events that were accepted before, from a file that can be made again from the cluster."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    digest BLOB PRIMARY KEY,
    number INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (subject TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream (created TEXT NOT NULL);
"""
_REMEMBER = """INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE
    SET number = excluded.number, at = excluded.at
    WHERE excluded.number < number OR excluded.at - at > ?"""


class Accepted(NamedTuple):
    """An event that was accepted: its digest, its number in the store, and when, in epoch seconds."""

    digest: bytes
    number: int
    at: float


def digest(source: str, message_id: str) -> bytes:
    """The 16 bytes by which a duplicate is recognised."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


def digest_of_replay(original: bytes, letter: int) -> bytes:
    """The digest of an event whose dead letter is replayed: it is no duplicate of itself."""
    return hashlib.blake2b(b"%b%d" % (original, letter), digest_size=16).digest()


class Seen:
    """The events that this gateway accepted or delivered within the window, and those of buckets it took over.

    Nothing is lost with the file: it is a cache of the cluster's stream, and of what this gateway told senders.
    """

    def __init__(self, path: Path, window: float, created: str) -> None:
        """`created` is when the stream of events was made: what was seen of an older one is forgotten."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._window = window
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=5)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)
        if self._connection.execute("SELECT created FROM stream").fetchone() != (created,):
            for table in ("seen", "position", "stream"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - no value in it
            self._connection.execute("INSERT INTO stream VALUES (?)", (created,))

    def among(self, digests: Sequence[bytes], now: float) -> dict[bytes, int]:
        """Those of these digests that were accepted within the window before `now`, each with its number."""
        found: dict[bytes, int] = {}
        for start in range(0, len(digests), 500):
            part = digests[start : start + 500]
            places = ",".join("?" * len(part))
            query = f"SELECT digest, number FROM seen WHERE at > ? AND digest IN ({places})"  # noqa: S608 - no value in it
            found |= dict(self._connection.execute(query, (now - self._window, *part)))
        return found

    def remember(self, accepted: Iterable[Accepted], *, subject: str = "", sequence: int = 0) -> None:
        """Record these as accepted; `subject` was read up to `sequence`."""
        self._connection.execute("BEGIN")
        self._connection.executemany(_REMEMBER, [(*one, self._window) for one in accepted])
        self._move(subject, sequence)
        self._connection.execute("COMMIT")

    def forget(self, accepted: Iterable[Accepted], *, subject: str = "", sequence: int = 0) -> None:
        """Let these be accepted again; what was accepted later stays."""
        self._connection.execute("BEGIN")
        values = [(one.digest, one.number) for one in accepted]
        self._connection.executemany("DELETE FROM seen WHERE digest = ? AND number <= ?", values)
        self._move(subject, sequence)
        self._connection.execute("COMMIT")

    def position(self, subject: str) -> int:
        """Up to which sequence the messages of a subject are in the file."""
        query = "SELECT sequence FROM position WHERE subject = ?"
        row = self._connection.execute(query, (subject,)).fetchone()
        return int(row[0]) if row else 0

    def prune(self, now: float) -> None:
        """Forget what is past the window."""
        self._connection.execute("DELETE FROM seen WHERE at <= ?", (now - self._window,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _move(self, subject: str, sequence: int) -> None:
        if subject:
            values = (subject, sequence)
            self._connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?)", values)
