"""Writes many rows with few statements, since after each statement a thread waits for the GIL again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

T = TypeVar("T")
_MAX_ROWS = 100
"""Rows of the longest statement; at most 999 values, which any SQLite takes."""
_EXACT_ROWS = 32
"""Up to this many rows, a statement has exactly as many places as rows. These few statements stay compiled."""

IN_LIST = "IN (SELECT value FROM json_each(?))"
"""A condition on integers that `json_list` passes as one value."""


def json_list(numbers: Sequence[int]) -> str:
    """Integers as one value for `IN_LIST`."""
    return f"[{','.join(map(str, numbers))}]"


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert rows in their order, and return the id of the last. `into` is SQL up to `VALUES`."""
    last = 0
    for part in _parts(rows):
        values = tuple(chain.from_iterable(part))
        last = connection.execute(_insertion(into, len(part[0]), len(part)), values).lastrowid or 0
    return last


def delete(connection: sqlite3.Connection, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Delete the rows whose columns have these values."""
    for part in _parts(rows):
        values = ", ".join([placeholders(len(part[0]))] * len(part))
        query = f"DELETE FROM {table} WHERE ({columns}) IN (VALUES {values})"  # noqa: S608 - no value in it
        connection.execute(query, tuple(chain.from_iterable(part)))


def select_in(
    connection: sqlite3.Connection, query: str, parameters: Sequence[Any], values: Sequence[Any]
) -> list[Any]:
    """The first column of a query that ends in `IN`, for these values."""
    return [
        row[0]
        for part in _parts(values)
        for row in connection.execute(query + placeholders(len(part)), (*parameters, *part))
    ]


@cache
def placeholders(count: int) -> str:
    """This many `?`, in parentheses."""
    return f"({', '.join('?' * count)})"


@cache
def _insertion(into: str, width: int, count: int) -> str:
    return f"{into} VALUES {', '.join([placeholders(width)] * count)}"


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    start, left = 0, len(values)
    while left:
        exact = left <= _EXACT_ROWS or left >= _MAX_ROWS
        size = min(left, _MAX_ROWS) if exact else left // _EXACT_ROWS * _EXACT_ROWS
        yield values[start : start + size]
        start, left = start + size, left - size
