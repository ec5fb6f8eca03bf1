"""Stores events and dead letters that were accepted together."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from ..records import DeadLetter, NewDeadLetter, NewEvent, Receipt, StoredCall
from . import dead_letters, dedup
from .clock import Clock
from .layout import LAYOUT
from .queue import bucket_of
from .sql import insert

_EVENT = "INSERT INTO event (bucket, source, user, size, accepted_at, leased_at, lease_until)"
_NEVER = 0.5
"""A time long ago, which takes as many bytes as any other, unlike 0: a lease needs no space on a full disk."""
_BODY = "INSERT INTO body (seq, message_id, call, event)"


class Append(msgspec.Struct, frozen=True):
    """What one call of `Store.append` stores, and the dead letters it replaces."""

    events: Sequence[NewEvent]
    dead_letters: Sequence[NewDeadLetter]
    call: StoredCall | None
    replacing: Mapping[int, int]

    @property
    def source(self) -> str:
        """The source of the call; empty if nothing came in it."""
        sources = [letter.source for letter in self.dead_letters] + [event.source for event in self.events]
        return sources[0] if sources else ""

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
    connection: sqlite3.Connection,
    appends: Sequence[Append],
    seen: dedup.Seen,
    clock: Clock,
    *,
    keep_calls: bool,
) -> list[Receipt]:
    """Store these, within the caller's transaction; `keep_calls` keeps calls even without dead letters."""
    now = clock.recording()
    for one in appends:
        if one.replacing:
            dead_letters.take(connection, one.replacing)
    digests = [[dedup.digest(event.source, event.message_id) for event in one.events] for one in appends]
    known = seen.among(connection, list(chain.from_iterable(digests)), clock.expiring())
    sources = _source_rows(connection, appends)
    rows: list[_Row] = []
    receipts = []
    for one, keys in zip(appends, digests, strict=True):
        call, ids = _store_letters(connection, one, sources, now, keep_calls)
        duplicates = []
        for position, (key, event) in enumerate(zip(keys, one.events, strict=True)):
            if key in known:
                duplicates.append(position)
            else:
                known.add(key)
                rows.append(_Row(key, event, sources[event.source], call))
        receipts.append(Receipt(len(keys) - len(duplicates), tuple(duplicates), ids))
    _insert_events(connection, rows, now)
    dedup.remember(connection, [row.digest for row in rows], now)
    return receipts


def adopt(connection: sqlite3.Connection, letter: DeadLetter, key: bytes) -> None:
    """Store a dead letter of another store with its call and its times, unless it is there under this key."""
    if dead_letters.has(connection, key):
        return
    source = _source_rows(connection, [Append((), [letter], None, {})])[letter.source]
    call = None if letter.call is None else _insert_call(connection, letter.call, source, letter.at, False)
    dead_letters.insert(connection, source, letter, letter.at, call, key=key, first_at=letter.first_at)


def probe(connection: sqlite3.Connection) -> None:
    """Store an event as `append` does, and take it back, within the caller's transaction.

    Something is left for the commit to write: the version of the layout, which is what it was.
    """
    event, key, now = NewEvent("", "", "", b"{}"), dedup.digest("", ""), time.time()
    connection.execute("SAVEPOINT probe")
    sources = _source_rows(connection, [Append([event], (), None, {})])
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


def _store_letters(
    connection: sqlite3.Connection, one: Append, sources: Mapping[str, int], now: float, keep_calls: bool
) -> tuple[int | None, tuple[int, ...]]:
    """The rows of the call, if it is kept, and of the dead letters. Letters counted again need no call."""
    if not one.dead_letters and not keep_calls:
        return None, ()
    merged = dead_letters.merge(one.dead_letters)
    ids = {key: dead_letters.count_again(connection, key, letter, now) for key, letter in merged.items()}
    call = None
    if one.call is not None and one.source and (keep_calls or None in ids.values()):
        call = _insert_call(connection, one.call, sources[one.source], now, keep_calls)
    for key, letter in merged.items():
        if ids[key] is None:
            ids[key] = dead_letters.insert(connection, sources[letter.source], letter, now, call, key=key)
    return call, tuple(id_ for id_ in ids.values() if id_ is not None)


def _insert_call(
    connection: sqlite3.Connection, call: StoredCall, source: int, now: float, keep_calls: bool
) -> int | None:
    content = msgspec.msgpack.encode(call)
    statement = "INSERT INTO call (at, always_kept, size, content, source) VALUES (?, ?, ?, ?, ?)"
    return connection.execute(statement, (now, keep_calls, len(content), content, source)).lastrowid


def _insert_events(connection: sqlite3.Connection, rows: Sequence[_Row], now: float) -> None:
    places = [
        (bucket_of(event.source, event.user), source, event.user, len(event.event), now, _NEVER, _NEVER)
        for _, event, source, _ in rows
    ]
    end = insert(connection, _EVENT, places) + 1  # seqs that are given out together follow one another
    bodies = [
        (seq, row.event.message_id, row.call, row.event.event)
        for seq, row in zip(range(end - len(rows), end), rows, strict=True)
    ]
    insert(connection, _BODY, bodies)
