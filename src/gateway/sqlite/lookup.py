"""A question about a store in, its dead letters or its counts out: reads, which hold up no write."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..store import Call, Counts, DeadLetter, StoreUnusable

_COLUMNS = "letter.id, letter.at, name, rule, reason, pointer, line, decodable, record, event, call"
_LETTERS = f"SELECT {_COLUMNS} FROM letter JOIN source ON source.id = letter.source WHERE "  # noqa: S608 - ours

_call = msgspec.msgpack.Decoder(Call).decode


def dead(
    connection: sqlite3.Connection, asked: Mapping[str, str | float | None], limit: int
) -> list[DeadLetter]:
    """Letters by id; `asked` has conditions in SQL with the value of each, None for no condition."""
    conditions = {condition: value for condition, value in asked.items() if value is not None}
    query = f"{_LETTERS}{' AND '.join(conditions)} ORDER BY letter.id LIMIT ?"
    rows = connection.execute(query, (*conditions.values(), limit)).fetchall()
    calls = {id_: _found(connection, id_) for id_ in {row[-1] for row in rows}}  # letters of a batch share one
    return [_letter(row, calls[row[-1]]) for row in rows]


def counts(connection: sqlite3.Connection, path: Path) -> Counts:
    """How much is kept: counters that triggers keep, and the ends of an index."""
    rows = connection.execute("SELECT name, undelivered, letters FROM source ORDER BY name").fetchall()
    oldest = connection.execute("SELECT accepted_at FROM event ORDER BY seq LIMIT 1").fetchone()
    return Counts(
        undelivered=sum(undelivered for _, undelivered, _ in rows),
        oldest=oldest[0] if oldest else None,
        letters=sum(letters for *_, letters in rows),
        bytes=sum(on_disk(path)),
        by_source={name: (undelivered, letters) for name, undelivered, letters in rows},
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


def _found(connection: sqlite3.Connection, id_: int | None) -> Call | None:
    row = connection.execute("SELECT content FROM call WHERE id = ?", (id_,)).fetchone()
    return _call(row[0]) if row else None


def _letter(row: tuple[Any, ...], call: Call | None) -> DeadLetter:
    id_, at, source, rule, reason, pointer, line, decodable, record, event, _ = row
    why = {"source": source, "rule": rule, "reason": reason, "pointer": pointer, "line": line}
    return DeadLetter(**why, record=record, decodable=bool(decodable), event=event, id=id_, at=at, call=call)
