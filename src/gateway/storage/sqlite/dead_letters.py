"""A question about a store in, its dead letters or its counts out: reads, which hold up no write."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..records import DeadLetter, DeadLetterSummary, StoreCounts, StoredCall, StoreUnusable
from .queue import BUCKETS
from .sql import listed

LAST = 2**63 - 1
"""No id is larger."""

_LISTED = """SELECT letter.id, letter.at, name, rule, reason, pointer, line,
    iif(length(event), 'event', 'record'), iif(length(event), length(event), length(record))
    FROM letter JOIN source ON source.id = letter.source WHERE """
_WHOLE = """SELECT letter.id, letter.at, name, rule, reason, pointer, line, decodable,
    record, event, answer, content
    FROM letter JOIN source ON source.id = letter.source LEFT JOIN call ON call.id = call WHERE letter.id = ?"""

# The first of each bucket, by its index, and the oldest of these: whatever is kept, so many looks.
_OLDEST_OF = """SELECT name, accepted_at FROM source AS source_ JOIN event ON seq = (SELECT min((
    SELECT seq FROM event WHERE source = source_.id AND bucket = value ORDER BY seq LIMIT 1
    )) FROM json_each(?)) WHERE undelivered > 0"""

_call = msgspec.msgpack.Decoder(StoredCall).decode


def dead(
    connection: sqlite3.Connection, asked: Mapping[str, str | float | None], *, newest: bool, limit: int
) -> list[DeadLetterSummary]:
    """Letters by id; `asked` has conditions in SQL with the value of each, None for no condition."""
    conditions = {condition: value for condition, value in asked.items() if value is not None}
    order = "DESC" if newest else "ASC"
    query = f"{_LISTED}{' AND '.join(conditions)} ORDER BY letter.id {order} LIMIT ?"
    return [DeadLetterSummary(*row) for row in connection.execute(query, (*conditions.values(), limit))]


def letter(connection: sqlite3.Connection, id_: int) -> DeadLetter | None:
    """A letter, whole."""
    row = connection.execute(_WHOLE, (id_,)).fetchone()
    if row is None:
        return None
    found, at, source, rule, reason, pointer, line, decodable, record, event, answer, call = row
    why = {"source": source, "rule": rule, "reason": reason, "pointer": pointer, "line": line}
    content = {"record": record, "decodable": bool(decodable), "event": event, "answer": answer}
    return DeadLetter(**why, **content, id=found, at=at, call=None if call is None else _call(call))


def counts(connection: sqlite3.Connection, path: Path) -> StoreCounts:
    """How much is kept: counters that triggers keep, and the ends of an index."""
    rows = connection.execute("SELECT name, undelivered, letters FROM source ORDER BY name").fetchall()
    oldest = connection.execute("SELECT accepted_at FROM event ORDER BY seq LIMIT 1").fetchone()
    return StoreCounts(
        undelivered=sum(undelivered for _, undelivered, _ in rows),
        oldest=oldest[0] if oldest else None,
        letters=sum(letters for *_, letters in rows),
        bytes=sum(on_disk(path)),
        by_source={name: (undelivered, letters) for name, undelivered, letters in rows},
        oldest_of=dict(connection.execute(_OLDEST_OF, (listed(range(BUCKETS)),))),
    )


def on_disk(path: Path) -> tuple[int, int]:
    """Bytes of the store and of its log.

    Raises:
        StoreUnusable: they are gone, and whatever is written to what is open would be lost.
    """
    try:
        return path.stat().st_size, log_of(path).stat().st_size  # there is a log while it is open
    except FileNotFoundError:
        raise StoreUnusable(f"{path} was taken away: put it back, and restart") from None


def log_of(path: Path) -> Path:
    """SQLite's write-ahead log of the file at `path`."""
    return path.with_name(f"{path.name}-wal")
