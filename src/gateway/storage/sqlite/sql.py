"""Many rows in, few statements out: each statement makes its thread wait for the interpreter once more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")
_MOST = 100
"""Rows of the longest statement; at most 999 values, which any SQLite takes."""
_EXACT = 32
"""Rows up to which a statement has just as many, each number of its own: they stay compiled."""
LISTED = "(SELECT value FROM json_each(?))"
"""The integers of a text that `listed` made."""


def listed(numbers: Sequence[int]) -> str:
    """Integers as one value of a query."""
    return f"[{','.join(map(str, numbers))}]"


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert rows in their order; the id of the last one. `into` is SQL up to `VALUES`."""
    last = 0
    for part in _parts(rows):
        cursor = connection.execute(_insertion(into, len(part[0]), len(part)), tuple(chain.from_iterable(part)))
        last = cursor.lastrowid or 0
    return last


def found(connection: sqlite3.Connection, query: str, given: Sequence[Any], among: Sequence[Any]) -> list[Any]:
    """First columns of what a query finds; it ends in `IN (...)` for the values of `among`."""
    return [
        row[0]
        for part in _parts(among)
        for row in connection.execute(query + marks(len(part)), (*given, *part))
    ]


@cache
def marks(count: int) -> str:
    """So many places for values, in parentheses."""
    return f"({', '.join('?' * count)})"


@cache
def _insertion(into: str, width: int, count: int) -> str:
    return f"{into} VALUES {', '.join([marks(width)] * count)}"


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    start, left = 0, len(values)
    while left:
        size = min(left, _MOST) if left <= _EXACT or left >= _MOST else left // _EXACT * _EXACT
        yield values[start : start + size]
        start, left = start + size, left - size
