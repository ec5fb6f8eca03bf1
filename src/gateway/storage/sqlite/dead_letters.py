"""Keeps dead letters: inserts or counts, lists and deletes them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from ..records import DeadLetter, DeadLetterSummary, LetterGone, NewDeadLetter, StoredCall
from . import dedup
from .sql import IN_LIST, json_list

MAX_ID = 2**63 - 1
"""No id is larger."""

_OVERHEAD = 200
"""Roughly the bytes that a dead letter takes in addition to its texts."""

_INSERT = """INSERT INTO dead_letter
    (at, first_at, count, fingerprint, call, source, rule, reason, pointer, line, decodable,
    digest, accepted_at, size, record, event, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_COUNT_AGAIN = """UPDATE dead_letter SET count = count + ?, at = max(at, ?)
    WHERE fingerprint = ? RETURNING id"""
_HAS = "SELECT EXISTS (SELECT 1 FROM dead_letter WHERE fingerprint = ?)"
_OCCURRENCES = "SELECT ifnull(sum(count), 0) FROM dead_letter WHERE id = ?"
_TAKE_SOME = "UPDATE dead_letter SET count = count - ? WHERE id = ?"
_DELETE = f"DELETE FROM dead_letter WHERE id {IN_LIST} RETURNING digest, accepted_at"  # noqa: S608 - no value in it
_SUMMARY = """SELECT letter.id, letter.at, name, rule, reason, pointer, line,
    iif(length(event), 'event', 'record'), iif(length(event), length(event), length(record)), count, first_at
    FROM dead_letter AS letter JOIN source ON source.id = letter.source WHERE """
_WHOLE = """SELECT name, rule, reason, pointer, line, record, decodable, event, answer, count,
    letter.id, letter.at, first_at, content
    FROM dead_letter AS letter JOIN source ON source.id = letter.source LEFT JOIN call ON call.id = call
    WHERE letter.id = ?"""

_decode_call = msgspec.msgpack.Decoder(StoredCall).decode


def merge(letters: Sequence[NewDeadLetter]) -> dict[bytes | int, NewDeadLetter]:
    """Count the rejections that are alike as one, under their fingerprint; others stay apart."""
    merged: dict[bytes | int, NewDeadLetter] = {}
    for position, letter in enumerate(letters):
        key = position if letter.event else _fingerprint(letter)
        alike = merged.get(key)
        merged[key] = letter if alike is None else replace(alike, count=alike.count + letter.count)
    return merged


def count_again(
    connection: sqlite3.Connection, key: bytes | int, letter: NewDeadLetter, at: float
) -> int | None:
    """Count a letter where one like it is kept, and return the id of that one; None if there is none."""
    if isinstance(key, int):
        return None
    row = connection.execute(_COUNT_AGAIN, (letter.count, at, key)).fetchone()
    return None if row is None else int(row[0])


def has(connection: sqlite3.Connection, key: bytes) -> bool:
    """Whether a letter is kept under this fingerprint."""
    (found,) = connection.execute(_HAS, (key,)).fetchone()
    return bool(found)


def insert(  # noqa: PLR0913 - the columns of a row
    connection: sqlite3.Connection,
    source: int,
    letter: NewDeadLetter,
    at: float,
    call: int | None,
    *,
    key: bytes | int = 0,
    accepted: tuple[bytes, float] | None = None,
    first_at: float | None = None,
) -> int:
    """Insert a dead letter, and return its id.

    Args:
        connection: within a transaction.
        source: the row of its source.
        letter: the dead letter.
        at: the time, in epoch seconds.
        call: the row of the call it came in.
        key: as `merge` returns it.
        accepted: the digest of the accepted event that it was, and when that was accepted.
        first_at: when it came first, if that was before.
    """
    size = len(letter.record) + len(letter.event) + len(letter.reason) + len(letter.answer) + _OVERHEAD
    fingerprint = key if isinstance(key, bytes) else None
    problem = letter.rule, letter.reason, letter.pointer, letter.line, letter.decodable
    seen = at, at if first_at is None else first_at, letter.count, fingerprint, call, source
    contents = size, letter.record, letter.event, letter.answer
    values = *seen, *problem, *(accepted or (None, None)), *contents
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
    source, rule, reason, pointer, line, record, decodable, event, answer, count, *rest = row
    found, at, first_at, call = rest
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
        count,
        id=found,
        at=at,
        first_at=first_at,
        call=None if call is None else _decode_call(call),
    )


def drop(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    """Delete dead letters, with calls that were kept for them alone; return how many there were.

    An event among them is no longer kept, so that it can be accepted again.
    """
    rows = connection.execute(_DELETE, (json_list(ids),)).fetchall()
    dedup.forget(connection, [row for row in rows if None not in row])
    return len(rows)


def take(connection: sqlite3.Connection, replayed: Mapping[int, int]) -> None:
    """Take dead letters away, by id, as often as they were replayed.

    Raises:
        LetterGone: one is not there as often.
    """
    for id_, count in replayed.items():
        (kept,) = connection.execute(_OCCURRENCES, (id_,)).fetchone()
        if kept < count:
            raise LetterGone(id_)
        if kept > count:
            connection.execute(_TAKE_SOME, (count, id_))
        else:
            drop(connection, [id_])


def _fingerprint(letter: NewDeadLetter) -> bytes:
    """The 16 bytes by which rejections that are alike are recognised."""
    alike = letter.source, letter.rule, letter.decodable, letter.request_values, letter.record
    return hashlib.blake2b(msgspec.msgpack.encode(alike), digest_size=16).digest()
