"""Events and dead letters in, rows out: what an append, a settlement and a drop write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import msgspec

from ..records import DeadEvent, NewDeadLetter, NewEvent, Receipt, StoredCall
from .dedup import Seen, accept, digest
from .queue import bucket_of
from .sql import LISTED, insert, listed

_OVERHEAD = 200
"""Bytes that a dead letter takes beyond its record, its event and its reason, about."""

_EVENT = "INSERT INTO event (bucket, source, user, size, accepted_at)"
_LETTER = """INSERT INTO letter
    (at, call, source, rule, reason, pointer, line, decodable, digest, size, record, event, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_DEAD = """SELECT source.id, name, message_id, call, event FROM event JOIN body USING (seq)
    JOIN source ON source.id = event.source WHERE seq = ?"""


@dataclass(frozen=True, slots=True)
class Append:
    """What one append keeps, and the dead letters it replaces."""

    entries: Sequence[NewEvent]
    letters: Sequence[NewDeadLetter]
    call: StoredCall | None
    replacing: Sequence[int]

    @property
    def size(self) -> int:
        """Bytes of the events and records in it."""
        return sum(len(one.event) for one in self.entries) + sum(len(one.record) for one in self.letters)


@dataclass(frozen=True, slots=True)
class _Origin:
    """When something came, and the row of the call it came in."""

    at: float
    call: int | None


class _Kept(NamedTuple):
    """An event to keep: its identity, itself, and the rows of its source and of the call it came in."""

    key: bytes
    entry: NewEvent
    source: int
    call: int | None


def append(
    connection: sqlite3.Connection, batches: Sequence[Append], before: Seen, *, keep_calls: bool
) -> list[Receipt]:
    """Keep batches, as one; `keep_calls` where calls are kept even without dead letters."""
    now = time.time()
    keys = [[digest(entry.source, entry.message_id) for entry in batch.entries] for batch in batches]
    seen = before.among(connection, list(chain.from_iterable(keys)), now)
    sources = _sources(connection, batches)
    kept: list[_Kept] = []
    receipts = []
    for batch, digests in zip(batches, keys, strict=True):
        if batch.replacing:
            seen -= _replayed(connection, batch.replacing)
        origin = _Origin(now, _keep_call(connection, batch, now, keep_calls))
        fresh = [(key, entry) for key, entry in zip(digests, batch.entries, strict=True) if _is_new(key, seen)]
        kept += [_Kept(key, entry, sources[entry.source], origin.call) for key, entry in fresh]
        letters = [_keep_letter(connection, sources[one.source], one, origin, None) for one in batch.letters]
        receipts.append(Receipt(len(fresh), len(batch.entries) - len(fresh), tuple(letters)))
    _keep_events(connection, kept, now)
    accept(connection, [one.key for one in kept], now)
    return receipts


def acknowledge(connection: sqlite3.Connection, delivered: Sequence[int], dead: Sequence[DeadEvent]) -> None:
    """Forget delivered events, and turn dead ones into dead letters."""
    now = time.time()
    for each in dead:
        row = connection.execute(_DEAD, (each.seq,)).fetchone()
        if row:
            source, name, message_id, call, event = row
            letter = NewDeadLetter(name, each.rule, each.reason, event=event, answer=each.answer)
            _keep_letter(connection, source, letter, _Origin(now, call), digest(name, message_id))
            connection.execute("DELETE FROM event WHERE seq = ?", (each.seq,))
    connection.execute(f"DELETE FROM event WHERE seq IN {LISTED}", (listed(delivered),))  # noqa: S608 - ours


def drop(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    """Delete dead letters, and calls that were kept for them alone; how many letters there were."""
    return connection.executemany("DELETE FROM letter WHERE id = ?", ((each,) for each in ids)).rowcount


def _is_new(key: bytes, seen: set[bytes]) -> bool:
    """Whether this was not seen; from now on it is."""
    new = key not in seen
    seen.add(key)
    return new


def _replayed(connection: sqlite3.Connection, ids: Sequence[int]) -> set[bytes]:
    """Delete dead letters; what is seen, although it is to be accepted again."""
    rows = [connection.execute("SELECT digest FROM letter WHERE id = ?", (each,)).fetchone() for each in ids]
    drop(connection, ids)
    return {row[0] for row in rows if row and row[0]}


def _sources(connection: sqlite3.Connection, batches: Sequence[Append]) -> dict[str, int]:
    """The rows of the sources that these are of, made where there are none."""
    names = {entry.source for batch in batches for entry in batch.entries}
    names |= {letter.source for batch in batches for letter in batch.letters}
    rows: dict[str, int] = {}
    for name in sorted(names):
        row = connection.execute("SELECT id FROM source WHERE name = ?", (name,)).fetchone()
        rows[name] = row[0] if row else insert(connection, "INSERT INTO source (name)", [(name,)])
    return rows


def _keep_call(connection: sqlite3.Connection, batch: Append, now: float, asked: bool) -> int | None:
    if batch.call is None or not (asked or batch.letters):
        return None
    content = msgspec.msgpack.encode(batch.call)
    row = "INSERT INTO call (at, asked, size, content) VALUES (?, ?, ?, ?)"
    return connection.execute(row, (now, asked, len(content), content)).lastrowid


def _keep_events(connection: sqlite3.Connection, kept: Sequence[_Kept], now: float) -> None:
    rows = [
        (bucket_of(entry.source, entry.user), source, entry.user, len(entry.event), now)
        for _, entry, source, _ in kept
    ]
    end = insert(connection, _EVENT, rows) + 1  # seqs that are given out together follow one another
    seqs = range(end - len(kept), end)
    bodies = [
        (seq, one.entry.message_id, one.call, one.entry.event) for seq, one in zip(seqs, kept, strict=True)
    ]
    insert(connection, "INSERT INTO body", bodies)


def _keep_letter(
    connection: sqlite3.Connection, source: int, letter: NewDeadLetter, origin: _Origin, key: bytes | None
) -> int:
    size = len(letter.record) + len(letter.event) + len(letter.reason) + len(letter.answer) + _OVERHEAD
    why = letter.rule, letter.reason, letter.pointer, letter.line, letter.decodable
    values = origin.at, origin.call, source, *why, key, size, letter.record, letter.event, letter.answer
    return int(connection.execute(_LETTER, values).lastrowid or 0)
