"""Events and dead letters in, rows out: what an append, a settlement and a drop write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ..store import Call, Entry, Letter, Receipt
from .leases import bucket_of
from .seen import Window, digest

_OVERHEAD = 200
"""Bytes that a dead letter takes beyond its record, its event and its reason, about."""

_EVENT = "INSERT INTO event (bucket, source, user, size, accepted_at) VALUES (?, ?, ?, ?, ?)"
_LETTER = """INSERT INTO letter
    (at, call, source, rule, reason, pointer, line, decodable, digest, size, record, event)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_DEAD = """SELECT source.id, name, message_id, call, event FROM event JOIN body USING (seq)
    JOIN source ON source.id = event.source WHERE seq = ?"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one append keeps, and the dead letters it replaces."""

    entries: Sequence[Entry]
    letters: Sequence[Letter]
    call: Call | None
    replacing: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Origin:
    """When something came, and the row of the call it came in."""

    at: float
    call: int | None


def append(connection: sqlite3.Connection, batch: Batch, window: float, *, keep_call: bool) -> Receipt:
    """Keep a batch; `keep_call` where its call is kept even without dead letters."""
    now = time.time()
    accepts = Window(connection, now, window, _replayed(connection, batch.replacing)).accepts
    keep_it = batch.call is not None and (keep_call or batch.letters)
    origin = _Origin(now, _keep_call(connection, batch.call, now, keep_call) if keep_it else None)
    names = {entry.source for entry in batch.entries} | {letter.source for letter in batch.letters}
    sources = {name: _source(connection, name) for name in names}
    fresh = [entry for entry in batch.entries if accepts(entry.source, entry.message_id)]
    for entry in fresh:
        _keep_event(connection, sources[entry.source], entry, origin)
    letters = [_keep_letter(connection, sources[each.source], each, origin, None) for each in batch.letters]
    return Receipt(len(fresh), len(batch.entries) - len(fresh), tuple(letters))


def settle(
    connection: sqlite3.Connection, delivered: Sequence[int], dead: Sequence[tuple[int, str, str]]
) -> None:
    """Forget delivered events, and turn dead ones into dead letters."""
    now = time.time()
    for seq, rule, reason in dead:
        row = connection.execute(_DEAD, (seq,)).fetchone()
        if row:
            source, name, message_id, call, event = row
            letter = Letter(name, rule, reason, event=event)
            _keep_letter(connection, source, letter, _Origin(now, call), digest(name, message_id))
            connection.execute("DELETE FROM event WHERE seq = ?", (seq,))
    connection.executemany("DELETE FROM event WHERE seq = ?", ((seq,) for seq in delivered))


def drop(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    """Delete dead letters, and calls that were kept for them alone; how many letters there were."""
    return connection.executemany("DELETE FROM letter WHERE id = ?", ((each,) for each in ids)).rowcount


def _replayed(connection: sqlite3.Connection, ids: Sequence[int]) -> set[bytes]:
    """Delete dead letters; what is seen, although it is to be accepted again."""
    rows = [connection.execute("SELECT digest FROM letter WHERE id = ?", (each,)).fetchone() for each in ids]
    drop(connection, ids)
    return {row[0] for row in rows if row and row[0]}


def _source(connection: sqlite3.Connection, name: str) -> int:
    connection.execute("INSERT OR IGNORE INTO source (name) VALUES (?)", (name,))
    (id_,) = connection.execute("SELECT id FROM source WHERE name = ?", (name,)).fetchone()
    return int(id_)


def _keep_call(connection: sqlite3.Connection, call: Call | None, now: float, asked: bool) -> int | None:
    content = msgspec.msgpack.encode(call)
    row = "INSERT INTO call (at, asked, size, content) VALUES (?, ?, ?, ?)"
    return connection.execute(row, (now, asked, len(content), content)).lastrowid


def _keep_event(connection: sqlite3.Connection, source: int, entry: Entry, origin: _Origin) -> None:
    values = bucket_of(entry.source, entry.user), source, entry.user, len(entry.event), origin.at
    seq = connection.execute(_EVENT, values).lastrowid
    body = seq, entry.message_id, origin.call, entry.event
    connection.execute("INSERT INTO body VALUES (?, ?, ?, ?)", body)


def _keep_letter(
    connection: sqlite3.Connection, source: int, letter: Letter, origin: _Origin, key: bytes | None
) -> int:
    size = len(letter.record) + len(letter.event) + len(letter.reason) + _OVERHEAD
    why = letter.rule, letter.reason, letter.pointer, letter.line, letter.decodable
    values = origin.at, origin.call, source, *why, key, size, letter.record, letter.event
    return int(connection.execute(_LETTER, values).lastrowid or 0)
