"""Stores events and dead letters that were accepted together."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import msgspec

from ..records import NewDeadLetter, NewEvent, Receipt, StoredCall
from . import dead_letters, dedup
from .database import LAYOUT
from .queue import bucket_of
from .sql import insert

_EVENT = "INSERT INTO event (bucket, source, user, size, accepted_at)"
_BODY = "INSERT INTO body (seq, message_id, call, event)"


@dataclass(frozen=True, slots=True)
class Append:
    """What one call of `Store.append` stores, and the ids of the dead letters it replaces."""

    events: Sequence[NewEvent]
    dead_letters: Sequence[NewDeadLetter]
    call: StoredCall | None
    replacing: Sequence[int]

    @property
    def size(self) -> int:
        """Bytes of the events and records in it."""
        records = sum(len(letter.record) for letter in self.dead_letters)
        return records + sum(len(event.event) for event in self.events)


class _Row(NamedTuple):
    """An event to store: its digest, itself, and the rows of its source and of the call it came in."""

    digest: bytes
    event: NewEvent
    source: int
    call: int | None


def append(
    connection: sqlite3.Connection, appends: Sequence[Append], seen: dedup.Seen, *, keep_calls: bool
) -> list[Receipt]:
    """Store these, within the caller's transaction; `keep_calls` keeps calls even without dead letters."""
    now = time.time()
    digests = [[dedup.digest(event.source, event.message_id) for event in one.events] for one in appends]
    known = seen.among(connection, list(chain.from_iterable(digests)), now)
    sources = _source_rows(connection, appends)
    rows: list[_Row] = []
    receipts = []
    for one, keys in zip(appends, digests, strict=True):
        if one.replacing:
            known -= dead_letters.take(connection, one.replacing)
        call = _insert_call(connection, one, now, keep_calls)
        stored = len(rows)
        for key, event in zip(keys, one.events, strict=True):
            if key not in known:
                known.add(key)
                rows.append(_Row(key, event, sources[event.source], call))
        ids = [
            dead_letters.insert(connection, sources[letter.source], letter, now, call)
            for letter in one.dead_letters
        ]
        new = len(rows) - stored
        receipts.append(Receipt(new, len(one.events) - new, tuple(ids)))
    _insert_events(connection, rows, now)
    dedup.remember(connection, [row.digest for row in rows], now)
    return receipts


def probe(connection: sqlite3.Connection) -> None:
    """Store an event as `append` does, and take it back, within the caller's transaction.

    Something is left for the commit to write: the version of the layout, which is what it was.
    """
    event, key, now = NewEvent("", "", "", b"{}"), dedup.digest("", ""), time.time()
    connection.execute("SAVEPOINT probe")
    sources = _source_rows(connection, [Append([event], (), None, ())])
    _insert_events(connection, [_Row(key, event, sources[event.source], None)], now)
    dedup.remember(connection, [key], now)
    connection.execute("ROLLBACK TO probe")
    connection.execute("RELEASE probe")
    connection.execute(f"PRAGMA user_version = {LAYOUT}")


def _source_rows(connection: sqlite3.Connection, appends: Sequence[Append]) -> dict[str, int]:
    """The row of each source named in these, inserted if it is missing."""
    names = {event.source for one in appends for event in one.events}
    names |= {letter.source for one in appends for letter in one.dead_letters}
    rows: dict[str, int] = {}
    for name in sorted(names):
        row = connection.execute("SELECT id FROM source WHERE name = ?", (name,)).fetchone()
        rows[name] = row[0] if row else insert(connection, "INSERT INTO source (name)", [(name,)])
    return rows


def _insert_call(connection: sqlite3.Connection, one: Append, now: float, keep_calls: bool) -> int | None:
    if one.call is None or not (keep_calls or one.dead_letters):
        return None
    content = msgspec.msgpack.encode(one.call)
    statement = "INSERT INTO call (at, always_kept, size, content) VALUES (?, ?, ?, ?)"
    return connection.execute(statement, (now, keep_calls, len(content), content)).lastrowid


def _insert_events(connection: sqlite3.Connection, rows: Sequence[_Row], now: float) -> None:
    places = [
        (bucket_of(event.source, event.user), source, event.user, len(event.event), now)
        for _, event, source, _ in rows
    ]
    end = insert(connection, _EVENT, places) + 1  # seqs that are given out together follow one another
    bodies = [
        (seq, row.event.message_id, row.call, row.event.event)
        for seq, row in zip(range(end - len(rows), end), rows, strict=True)
    ]
    insert(connection, _BODY, bodies)
