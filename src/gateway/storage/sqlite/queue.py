"""A lane in, its oldest events out, leased: order is kept by user, and lanes never share one."""

from __future__ import annotations

import heapq
import json
import sqlite3
import time
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from itertools import product
from typing import Any
from zlib import crc32

from ..records import ClaimedEvent
from .sql import LISTED, listed

BUCKETS = 16
"""A user's events are in one bucket for good; a lane is every bucket of the same remainder by its number."""

_LOOK = 10_000
"""The most rows a claim passes over because they, or an older one of their user, are leased."""

_WALK = """SELECT seq, source, user, size, leased_at, lease_until FROM event
    WHERE source = ? AND bucket = ? AND user NOT IN (SELECT value FROM json_each(?)) ORDER BY seq"""
_EVENTS = f"""SELECT seq, name, message_id, user, event, accepted_at, attempts
    FROM event JOIN body USING (seq) JOIN source ON source.id = event.source
    WHERE seq IN {LISTED} ORDER BY seq"""  # noqa: S608 - no value in it


def bucket_of(source: str, user: str) -> int:
    """Where the events of this user are."""
    return crc32(f"{source}\0{user}".encode()) % BUCKETS


def buckets_of(lane: int, lanes: int) -> range:
    """The buckets of a lane; ValueError where there is no such lane."""
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
    behind: Collection[tuple[str, str]] = (),
) -> list[ClaimedEvent]:
    """Lease the oldest events of these buckets; the cost is that of what it takes, not of what is kept.

    Leases from before `since` count no more; sources in `without`, and users in `behind`, are left alone.
    """
    now = time.time()
    seqs = _choose(_walk(connection, buckets, without, behind), (since, now), events, size)
    take = f"UPDATE event SET leased_at = ?, lease_until = ? WHERE seq IN {LISTED}"  # noqa: S608 - ours
    connection.execute(take, (now, now + lease, listed(seqs)))
    return [ClaimedEvent(*row) for row in connection.execute(_EVENTS, (listed(seqs),))]


def release(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """End leases, and count the attempt."""
    end = f"UPDATE event SET lease_until = 0, attempts = attempts + 1 WHERE seq IN {LISTED}"  # noqa: S608 - ours
    connection.execute(end, (listed(seqs),))


def _walk(
    connection: sqlite3.Connection,
    buckets: range,
    without: Container[str],
    behind: Collection[tuple[str, str]],
) -> Iterator[tuple[Any, ...]]:
    """Events, oldest first: the index has each bucket of a source in that order, and they are merged."""
    waiting = connection.execute("SELECT id, name FROM source WHERE undelivered > 0").fetchall()
    sources = [
        (id_, json.dumps([user for source, user in behind if source == name]))
        for id_, name in waiting
        if name not in without
    ]
    return heapq.merge(
        *(connection.execute(_WALK, (id_, bucket, users)) for (id_, users), bucket in product(sources, buckets))
    )


def _choose(walk: Iterable[tuple[Any, ...]], span: tuple[float, float], events: int, size: int) -> list[int]:
    since, now = span
    chosen: list[int] = []
    leased: set[tuple[int, str]] = set()
    room, passed = size, 0
    for seq, source, user, bytes_, leased_at, lease_until in walk:
        if since < leased_at <= now < lease_until or (source, user) in leased:
            leased.add((source, user))
            passed += 1
        elif len(chosen) < events and (bytes_ <= room or not chosen):
            chosen.append(seq)
            room -= bytes_
        else:
            break
        if passed > _LOOK:
            break
    return chosen
