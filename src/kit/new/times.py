"""Recognises when an event happened, and in which notation that is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ...core.mapping.times import time_function
from .fields import Field

_NAMES = (
    *(
        "occurred_at",
        "event_time",
        "event_timestamp",
        "event_timestamp_ms",
        "event_at",
        "happened_at",
        "timestamp",
    ),
    *("time", "fired_at", "triggered_at", "at", "ts", "event_ts", "date", "datetime", "event_date", "sent_at"),
    *("submitted_at", "received_at", "processed_at", "created", "created_at", "updated_at", "modified_at"),
)
_LAST = ("updated_at", "created_at", "created")
"""Times of an entity rather than of an event: the later one is nearer to what happened."""
_PATTERNS = ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z", "%Y%m%d%H%M%S")
_YEARS = ("2000", "2100")


class EventTime(msgspec.Struct, frozen=True):
    """The fields with an event's time, and the functions that turn it into ISO 8601."""

    fields: tuple[Field, ...]
    apply: list[Any]


def find_time(fields: Sequence[Field], count: int) -> EventTime | None:
    """Find when the events happened; fields after the first are read where it has no value."""
    found: list[Field] = []
    functions: list[Any] = []
    seen: set[int] = set()
    for field in sorted((field for field in fields if field.name in _NAMES), key=lambda f: _rank(f, count)):
        apply = notation_of(list(field.values.values()))
        if apply is None or (found and apply != functions) or field.values.keys() <= seen:
            continue
        found.append(field)
        functions = apply
        seen |= field.values.keys()
    return EventTime(tuple(found), functions) if found else None


def notation_of(values: Sequence[Any]) -> list[Any] | None:
    """Return the functions that turn all these values into a time of our days; None if there are none."""
    if any(isinstance(value, bool) for value in values):
        return None
    known: list[list[Any]] = [[{"time": name}] for name in ("iso", "s", "ms", "epoch", *_PATTERNS)]
    return next((apply for apply in known if _reads(values, apply[0]["time"])), None)


def _reads(values: Sequence[Any], notation: str) -> bool:
    time = time_function(notation)
    texts = [time(value) for value in values]
    return all(text is not None and _YEARS[0] <= text < _YEARS[1] for text in texts)


def _rank(field: Field, count: int) -> tuple[Any, ...]:
    is_entitys = field.name in _LAST
    order = _LAST.index(field.name) if is_entitys else _NAMES.index(field.name)
    return (len(field.values) < count, len(field.words) - (not is_entitys), is_entitys, order)
