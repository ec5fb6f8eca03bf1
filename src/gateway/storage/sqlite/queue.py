"""Leases events to the lanes that deliver them, each user's in their order."""

from __future__ import annotations

import heapq
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

from ..records import ClaimedEvent, DeadEvent, NewDeadLetter
from . import dead_letters, dedup
from .clock import Clock
from .sql import IN_LIST, json_list

BUCKETS = 16
"""A user's events always have the same bucket. Lane `n` of `m` has the buckets `n`, `n + m`, `n + 2m`, ..."""

_MAX_LEASED = 10_000
"""The most rows a claim passes over because they, or an older event of their user, are leased."""

_ROW = "seq, user, size, refusals, leased_at, lease_until"
_MAX_REFUSED = 20
"""The most events of one claim that were refused alone before: each is sent alone, while others wait."""

_WAITING = f"""SELECT {_ROW} FROM event
    WHERE source = ? AND bucket = ? AND user NOT IN (SELECT value FROM json_each(?)) ORDER BY seq"""  # noqa: S608 - no value in it
_REFUSED = f"""SELECT min(seq) AS {_ROW} FROM event
    WHERE refusals > 0 AND source = ? AND bucket = ? GROUP BY user"""  # noqa: S608 - no value in it
_BEHIND = f"""SELECT {", ".join(f"next.{name}" for name in _ROW.split(", "))}
    FROM event AS next JOIN event AS this USING (source, bucket, user)
    WHERE this.seq = ? AND next.seq > this.seq AND next.refusals < ? ORDER BY next.seq LIMIT 1"""  # noqa: S608 - no value in it
_EVENTS = f"""SELECT seq, name, message_id, user, event, accepted_at, refusals
    FROM event JOIN body USING (seq) JOIN source ON source.id = event.source
    WHERE seq {IN_LIST} ORDER BY seq"""  # noqa: S608 - no value in it

_ACCEPTED = f"""SELECT name, message_id, accepted_at FROM event JOIN body USING (seq)
    JOIN source ON source.id = event.source WHERE seq {IN_LIST}"""  # noqa: S608 - no value in it
_DEAD = """SELECT source.id, name, message_id, call, event, accepted_at FROM event JOIN body USING (seq)
    JOIN source ON source.id = event.source WHERE seq = ?"""


class _Row(NamedTuple):
    """An event that waits, without its body; times in epoch seconds."""

    seq: int
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


def claim(  # noqa: PLR0913, PLR0917 - limits, each of its own kind
    connection: sqlite3.Connection,
    source: str,
    buckets: range,
    events: int,
    size: int,
    lease: float,
    *,
    since: float = 0.0,
) -> list[ClaimedEvent]:
    """Lease the oldest events of these buckets.

    The cost is that of what it takes and of users with a refused event, not of what is kept. Leases from before
    `since` do not count.
    """
    row = connection.execute("SELECT id FROM source WHERE name = ? AND undelivered > 0", (source,)).fetchone()
    if row is None:
        return []
    now = time.time()

    def is_leased(row: _Row) -> bool:
        return row.is_leased(since, now)

    seqs = _choose(_oldest_first(connection, row[0], buckets, is_leased), is_leased, events, size)
    return _lease(connection, seqs, now, lease)


def claim_behind(
    connection: sqlite3.Connection, seq: int, refusals_below: int, lease: float, since: float = 0.0
) -> ClaimedEvent | None:
    """Lease the next event of the same user behind this one that was refused alone less often."""
    now = time.time()
    row = connection.execute(_BEHIND, (seq, refusals_below)).fetchone()
    if row is None or _Row(*row).is_leased(since, now):
        return None
    (event,) = _lease(connection, [row[0]], now, lease)
    return event


def release(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """End leases now."""
    end = f"UPDATE event SET lease_until = min(lease_until, ?) WHERE seq {IN_LIST}"  # noqa: S608 - ours
    connection.execute(end, (time.time(), json_list(seqs)))


def postpone(connection: sqlite3.Connection, seq: int, refusals: int, seconds: float) -> None:
    """Note how often an event was refused alone, and lease it for so many seconds."""
    now = time.time()
    statement = "UPDATE event SET refusals = ?, leased_at = ?, lease_until = ? WHERE seq = ?"
    connection.execute(statement, (refusals, now, now + seconds, seq))


def acknowledge(
    connection: sqlite3.Connection, delivered: Sequence[int], dead: Sequence[DeadEvent], clock: Clock
) -> None:
    """Delete delivered events, and turn dead ones into dead letters."""
    now = clock.recording()
    for one in dead:
        row = connection.execute(_DEAD, (one.seq,)).fetchone()
        if row:
            source, name, message_id, call, event, accepted_at = row
            letter = NewDeadLetter(name, one.rule, one.reason, event=event, answer=one.answer)
            accepted = dedup.digest(name, message_id), accepted_at
            dead_letters.insert(connection, source, letter, now, call, accepted=accepted)
    gone = json_list([*delivered, *(one.seq for one in dead)])
    connection.execute(f"DELETE FROM event WHERE seq {IN_LIST}", (gone,))  # noqa: S608 - ours


def hand_over(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """Delete events that another store has now, with what recognises duplicates of them."""
    rows = connection.execute(_ACCEPTED, (json_list(seqs),)).fetchall()
    dedup.forget(connection, [(dedup.digest(name, message_id), at) for name, message_id, at in rows])
    connection.execute(f"DELETE FROM event WHERE seq {IN_LIST}", (json_list(seqs),))  # noqa: S608 - ours


def _lease(connection: sqlite3.Connection, seqs: Sequence[int], now: float, lease: float) -> list[ClaimedEvent]:
    take = f"UPDATE event SET leased_at = ?, lease_until = ? WHERE seq {IN_LIST}"  # noqa: S608 - ours
    connection.execute(take, (now, now + lease, json_list(seqs)))
    return [ClaimedEvent(*row) for row in connection.execute(_EVENTS, (json_list(seqs),))]


def _oldest_first(
    connection: sqlite3.Connection, source: int, buckets: range, is_leased: Callable[[_Row], bool]
) -> Iterator[_Row]:
    """The events that wait in these buckets, without those that wait behind an event refused alone.

    The index has each bucket in order; they are merged.
    """
    waiting: list[Iterator[_Row]] = []
    due: list[_Row] = []
    for bucket in buckets:
        refused = [_Row(*row) for row in connection.execute(_REFUSED, (source, bucket))]
        users = json.dumps([row.user for row in refused])
        waiting.append(map(_Row._make, connection.execute(_WAITING, (source, bucket, users))))
        due += [row for row in refused if not is_leased(row)]
    due.sort(key=lambda row: row.lease_until)
    return heapq.merge(*waiting, sorted(due[:_MAX_REFUSED]))


def _choose(rows: Iterable[_Row], is_leased: Callable[[_Row], bool], events: int, size: int) -> list[int]:
    """The seqs to lease: at most `events`, and at most `size` bytes unless the first alone has more."""
    chosen: list[int] = []
    leased: set[str] = set()
    passed = 0
    for row in rows:
        if row.user in leased or is_leased(row):
            leased.add(row.user)
            passed += 1
        elif len(chosen) < events and (row.size <= size or not chosen):
            chosen.append(row.seq)
            size -= row.size
        else:
            break
        if passed > _MAX_LEASED:
            break
    return chosen
