"""Leases events to the lanes that deliver them, each user's in their order."""

from __future__ import annotations

import heapq
import json
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple
from zlib import crc32

from ..records import ClaimedEvent, DeadEvent, NewDeadLetter
from . import dead_letters, dedup
from .sql import IN_LIST, json_list

BUCKETS = 16
"""A user's events always have the same bucket. Lane `n` of `m` has the buckets `n`, `n + m`, `n + 2m`, ..."""

_MAX_LEASED = 10_000
"""The most rows a claim passes over because they, or an older event of their user, are leased."""

_ROW = "seq, source, user, size, refusals, leased_at, lease_until"
_MAX_REFUSED = 20
"""The most events of one claim that were refused alone before: each is sent alone, while others wait."""

_WAITING = f"""SELECT {_ROW} FROM event
    WHERE source = ? AND bucket = ? AND user NOT IN (SELECT value FROM json_each(?)) ORDER BY seq"""  # noqa: S608 - no value in it
# Of each user, the oldest event that was refused alone: with min(), SQLite takes all columns from that row.
_REFUSED = f"""SELECT min(seq) AS {_ROW}, bucket FROM event
    WHERE refusals > 0 GROUP BY source, bucket, user"""  # noqa: S608 - no value in it
_BEHIND = f"""SELECT {", ".join(f"next.{name}" for name in _ROW.split(", "))}
    FROM event AS next JOIN event AS this USING (source, bucket, user)
    WHERE this.seq = ? AND next.seq > this.seq ORDER BY next.seq LIMIT 1"""  # noqa: S608 - no value in it
_EVENTS = f"""SELECT seq, name, message_id, user, event, accepted_at, refusals
    FROM event JOIN body USING (seq) JOIN source ON source.id = event.source
    WHERE seq {IN_LIST} ORDER BY seq"""  # noqa: S608 - no value in it

_DEAD = """SELECT source.id, name, message_id, call, event FROM event JOIN body USING (seq)
    JOIN source ON source.id = event.source WHERE seq = ?"""


class _Row(NamedTuple):
    """An event that waits, without its body; times in epoch seconds."""

    seq: int
    source: int
    user: str
    size: int
    refusals: int
    leased_at: float
    lease_until: float

    def is_leased(self, since: float, now: float) -> bool:
        """Whether the event is leased. A lease from before `since` is a dead process's, and does not count."""
        return since < self.leased_at <= now < self.lease_until


def bucket_of(source: str, user: str) -> int:
    """The bucket of this user's events."""
    return crc32(f"{source}\0{user}".encode()) % BUCKETS


def buckets_of(lane: int, lanes: int) -> range:
    """The buckets of a lane. Raises ValueError if there is no such lane."""
    if lane not in range(lanes) or BUCKETS % lanes:
        raise ValueError(f"no lane {lane} of {lanes}: there may be 1, 2, 4, 8 or 16, counted from 0")
    return range(lane, BUCKETS, lanes)


def claim(  # noqa: PLR0913 - limits, each of its own kind
    connection: sqlite3.Connection,
    buckets: range,
    events: int,
    size: int,
    lease: float,
    *,
    since: float = 0.0,
    without: Container[str] = (),
) -> list[ClaimedEvent]:
    """Lease the oldest events of these buckets. The cost grows with what is leased, not with what is kept.

    Leases from before `since` no longer count; sources in `without` are left alone.
    """
    now = time.time()
    waiting = connection.execute("SELECT id, name FROM source WHERE undelivered > 0").fetchall()
    sources = [id_ for id_, name in waiting if name not in without]

    def is_leased(row: _Row) -> bool:
        return row.is_leased(since, now)

    seqs = _choose(_oldest_first(connection, sources, buckets, is_leased), is_leased, events, size)
    return _leased(connection, seqs, now, lease)


def claim_behind(
    connection: sqlite3.Connection, seq: int, lease: float, since: float = 0.0
) -> ClaimedEvent | None:
    """Lease the next event of the same user after this one; None if there is none, or it is leased."""
    now = time.time()
    row = connection.execute(_BEHIND, (seq,)).fetchone()
    if row is None or _Row(*row).is_leased(since, now):
        return None
    (event,) = _leased(connection, [row[0]], now, lease)
    return event


def release(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """End leases."""
    connection.execute(f"UPDATE event SET lease_until = 0 WHERE seq {IN_LIST}", (json_list(seqs),))  # noqa: S608 - ours


def count_refusal(connection: sqlite3.Connection, seq: int, lease: float) -> None:
    """Count that an event was refused alone, and lease it from now on."""
    now = time.time()
    count = "UPDATE event SET refusals = refusals + 1, leased_at = ?, lease_until = ? WHERE seq = ?"
    connection.execute(count, (now, now + lease, seq))


def acknowledge(connection: sqlite3.Connection, delivered: Sequence[int], dead: Sequence[DeadEvent]) -> None:
    """Delete delivered events, and turn dead ones into dead letters."""
    now = time.time()
    for one in dead:
        row = connection.execute(_DEAD, (one.seq,)).fetchone()
        if row:
            source, name, message_id, call, event = row
            letter = NewDeadLetter(name, one.rule, one.reason, event=event, answer=one.answer)
            dead_letters.insert(connection, source, letter, now, call, dedup.digest(name, message_id))
    gone = json_list([*delivered, *(one.seq for one in dead)])
    connection.execute(f"DELETE FROM event WHERE seq {IN_LIST}", (gone,))  # noqa: S608 - ours


def _leased(
    connection: sqlite3.Connection, seqs: Sequence[int], now: float, lease: float
) -> list[ClaimedEvent]:
    take = f"UPDATE event SET leased_at = ?, lease_until = ? WHERE seq {IN_LIST}"  # noqa: S608 - ours
    connection.execute(take, (now, now + lease, json_list(seqs)))
    return [ClaimedEvent(*row) for row in connection.execute(_EVENTS, (json_list(seqs),))]


def _oldest_first(
    connection: sqlite3.Connection, sources: Sequence[int], buckets: range, is_leased: Callable[[_Row], bool]
) -> Iterator[_Row]:
    """The events that wait in these buckets, without those that wait behind an event refused alone.

    The index keeps each bucket of a source in order, so the buckets are merged.
    """
    users: dict[tuple[int, int], list[str]] = {place: [] for place in product(sources, buckets)}
    due: list[_Row] = []
    for *values, bucket in connection.execute(_REFUSED):
        row = _Row(*values)
        if (row.source, bucket) in users:
            users[row.source, bucket].append(row.user)
            due += [] if is_leased(row) else [row]
    due.sort(key=lambda row: row.lease_until)
    waiting = (connection.execute(_WAITING, (*place, json.dumps(names))) for place, names in users.items())
    return heapq.merge(*(map(_Row._make, rows) for rows in waiting), sorted(due[:_MAX_REFUSED]))


def _choose(rows: Iterable[_Row], is_leased: Callable[[_Row], bool], events: int, size: int) -> list[int]:
    """The seqs to lease: at most `events`, and at most `size` bytes unless the first alone has more."""
    chosen: list[int] = []
    leased: set[tuple[int, str]] = set()
    passed = 0
    for row in rows:
        user = (row.source, row.user)
        if user in leased or is_leased(row):
            leased.add(user)
            passed += 1
        elif len(chosen) < events and (row.size <= size or not chosen):
            chosen.append(row.seq)
            size -= row.size
        else:
            break
        if passed > _MAX_LEASED:
            break
    return chosen
