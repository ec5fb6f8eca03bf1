"""Keeps dead letters: inserts, lists and deletes them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence

import msgspec

from ..records import DeadLetter, DeadLetterSummary, NewDeadLetter, StoredCall

MAX_ID = 2**63 - 1
"""No id is larger."""

_OVERHEAD = 200
"""Roughly the bytes that a dead letter takes in addition to its texts."""
_SLICE = 500
"""Dead letters and calls deleted in one transaction, so that no append waits long for it."""

_INSERT = """INSERT INTO dead_letter
    (at, call, source, rule, reason, pointer, line, decodable, digest, size, record, event, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SUMMARY = """SELECT letter.id, letter.at, name, rule, reason, pointer, line,
    iif(length(event), 'event', 'record'), iif(length(event), length(event), length(record))
    FROM dead_letter AS letter JOIN source ON source.id = letter.source WHERE """
_WHOLE = """SELECT letter.id, letter.at, name, rule, reason, pointer, line, decodable,
    record, event, answer, content
    FROM dead_letter AS letter JOIN source ON source.id = letter.source LEFT JOIN call ON call.id = call
    WHERE letter.id = ?"""
_OLDEST = """
    SELECT * FROM (SELECT at, 'dead_letter', id FROM dead_letter ORDER BY id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT at, 'call', id FROM call ORDER BY id LIMIT 1)
    ORDER BY 1, 2 DESC LIMIT 1"""  # a dead letter before its call, which goes with its last one

_decode_call = msgspec.msgpack.Decoder(StoredCall).decode


def insert(  # noqa: PLR0913, PLR0917 - the columns of a row
    connection: sqlite3.Connection,
    source: int,
    letter: NewDeadLetter,
    at: float,
    call: int | None,
    digest: bytes | None = None,
) -> int:
    """Insert a dead letter, and return its id.

    Args:
        connection: within a transaction.
        source: the row of its source.
        letter: the dead letter.
        at: the time, in epoch seconds.
        call: the row of the call it came in.
        digest: of the accepted event that it was, so that a replay is not taken for a duplicate.
    """
    size = len(letter.record) + len(letter.event) + len(letter.reason) + len(letter.answer) + _OVERHEAD
    problem = letter.rule, letter.reason, letter.pointer, letter.line, letter.decodable
    values = at, call, source, *problem, digest, size, letter.record, letter.event, letter.answer
    return int(connection.execute(_INSERT, values).lastrowid or 0)


def summaries(
    connection: sqlite3.Connection, where: Mapping[str, str | float | None], *, newest: bool, limit: int
) -> list[DeadLetterSummary]:
    """Dead letters in the order of their ids. `where` maps SQL conditions to values; None leaves one out."""
    conditions = {condition: value for condition, value in where.items() if value is not None}
    order = "DESC" if newest else "ASC"
    query = f"{_SUMMARY}{' AND '.join(conditions)} ORDER BY letter.id {order} LIMIT ?"
    return [DeadLetterSummary(*row) for row in connection.execute(query, (*conditions.values(), limit))]


def whole(connection: sqlite3.Connection, id_: int) -> DeadLetter | None:
    """A whole dead letter; None if there is none with this id."""
    row = connection.execute(_WHOLE, (id_,)).fetchone()
    if row is None:
        return None
    found, at, source, rule, reason, pointer, line, decodable, record, event, answer, call = row
    return DeadLetter(
        source,
        rule,
        reason,
        pointer,
        line,
        record,
        bool(decodable),
        event,
        answer,
        id=found,
        at=at,
        call=None if call is None else _decode_call(call),
    )


def drop(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    """Delete dead letters, with calls that were kept for them alone; return how many there were."""
    return connection.executemany("DELETE FROM dead_letter WHERE id = ?", ((each,) for each in ids)).rowcount


def take(connection: sqlite3.Connection, ids: Sequence[int]) -> set[bytes]:
    """Delete dead letters, and return the digests of the accepted events that they were."""
    query = "SELECT digest FROM dead_letter WHERE id = ?"
    rows = [connection.execute(query, (each,)).fetchone() for each in ids]
    drop(connection, ids)
    return {row[0] for row in rows if row and row[0]}


def prune(connection: sqlite3.Connection, age: float, size: int) -> bool:
    """Delete the oldest letters and calls beyond `age` seconds or `size` bytes; whether there may be more."""
    before = time.time() - age
    for _ in range(_SLICE):
        oldest = connection.execute(_OLDEST).fetchone()
        (kept,) = connection.execute("SELECT bytes FROM kept").fetchone()
        if oldest is None or (oldest[0] >= before and kept <= size):
            return False
        _, table, id_ = oldest
        connection.execute(f"DELETE FROM {table} WHERE id = ?", (id_,))  # noqa: S608 - one of the two above
    return True
