"""Runs rows on the fixtures, and finds those that give no value, or a time that cannot be right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ...core.json_value import pointer, type_name
from ...core.mapping.interpret import Scope, matches, row_value
from .function_types import function_name
from .places import PlacedRow, placed_rows
from .subject import Subject

_TIMES = (("originalTimestamp",), ("timestamp",), ("sentAt",))
_YEARS = range(1980, 2100)
"""Years in which a webhook's event is likely to have happened."""
_ADVICE = {
    "lookup": "add the missing keys to the table, or use another table",
    "apply": "see what the functions take in docs/mapping.md",
    "each": "each takes a list",
}


def check(subject: Subject) -> None:
    """Record the rows that read a value in some fixture, but give none in any."""
    misfits = [problem.pointer for problem in subject.mapping.problems if problem.rule == "wrong-function"]
    for placed in placed_rows(subject):
        if not any(place.startswith(pointer(*placed.steps)) for place in misfits):
            _check_row(subject, placed)


def _check_row(subject: Subject, placed: PlacedRow) -> None:
    row = placed.row
    given = [(value, scope) for scope in placed.context.scopes if (value := _given(placed, scope)) is not None]
    if given and all(row_value(replace(row, fallback=None), scope) is None for _, scope in given):
        key = next((key for key in _ADVICE if key in placed.written), None)
        if key:
            name, kind = _name(placed.written, key), type_name(given[0][0])
            reason = f"{name} gives no value in any fixture, though one has {kind} here"
            subject.mapping.add_problem((*placed.steps, key), "no-result", reason, _ADVICE[key])
    if any(target.keys in _TIMES for target in row.to):
        _check_times(subject, placed, [row_value(row, scope) for _, scope in given])


def _given(placed: PlacedRow, scope: Scope) -> Any:
    """Return what a row reads, before it does anything with it; None if it is silent, or there is nothing."""
    row = placed.row
    if row.when is not None and not matches(row.when, scope):
        return None
    value = row_value(replace(row, when=None, each=None, apply=(), lookup=None, fallback=None), scope)
    return None if value == "" else value


def _check_times(subject: Subject, placed: PlacedRow, times: list[Any]) -> None:
    """Record times that are not ISO 8601, or that lie in another century because their unit is another."""
    years = [_year(time) for time in times if time is not None]
    if years and not any(years):
        reason = "RudderStack takes ISO 8601, and no fixture gives it here"
        advice = 'convert the time: {"apply": [{"time": "s"}]}, or "ms", "iso" or a pattern'
        subject.mapping.add_problem((*placed.steps, "to"), "not-a-time", reason, advice)
    elif years and all(year and year not in _YEARS for year in years):
        reason = f"the times in the fixtures are of the year {years[0]}"
        advice = 'seconds and milliseconds are different: {"time": "s"} or {"time": "ms"}'
        subject.mapping.add_problem((*placed.steps, "apply"), "not-a-time", reason, advice)


def _year(time: Any) -> int | None:
    try:
        return datetime.fromisoformat(time).year
    except (TypeError, ValueError):
        return None


def _name(row: dict[str, Any], key: str) -> str:
    """Name what a row does under a key: `lookup event_names`, or its functions."""
    content = row[key]
    if key == "apply":
        return " and ".join(map(function_name, content if isinstance(content, list) else [content]))
    return f"lookup {content}" if key == "lookup" else key
