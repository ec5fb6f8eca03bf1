"""Finds functions that do not fit the values they are given, and rows that no fixture gives a result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ...core.json_value import Steps, type_name
from ...core.mapping.interpret import matches as satisfies
from ...core.mapping.interpret import row_value
from ...core.mapping.model import Build, Constant, Template
from .function_types import names_of, signature
from .places import PlacedRow, placed_rows
from .shape import Types
from .subject import Subject

_TIMES = ("originalTimestamp", "timestamp", "sentAt")
_YEARS = range(1980, 2100)
"""Years in which a webhook's event is likely to have happened."""
_LIST: Types = frozenset({"array"})
_COPIED: Types = frozenset({"array", "object"})
_KEY: Types = frozenset({"string", "number"})


def check(subject: Subject) -> None:
    """Record what cannot give a value, and times that RudderStack cannot read."""
    for placed in placed_rows(subject):
        misfits = list(_misfits(placed))
        for steps, reason, advice in misfits:
            subject.mapping.add_problem(steps, "wrong-function", reason, advice)
        if not misfits:
            _check_results(subject, placed)


def _misfits(placed: PlacedRow) -> Iterator[tuple[Steps, str, str]]:
    """Follow the types that schema.json allows through a row."""
    written, steps, types = placed.written, placed.steps, _read_types(placed)
    for key, takes in (("omit", _COPIED), ("pick", _COPIED), ("each", _LIST)):
        if key in written:
            if types and takes and not types & takes:
                reason = f"{key} takes {names_of(takes)}, and schema.json says {names_of(types)}"
                yield (*steps, key), reason, f"correct the path, or remove {key}"
                return
            types = _LIST if key == "each" else types
    apply = written.get("apply", [])
    for index, call in enumerate(apply if isinstance(apply, list) else [apply]):
        name, takes, gives = signature(call)
        if types and takes and not types & takes:
            place = (*steps, "apply", index) if isinstance(apply, list) else (*steps, "apply")
            reason = f"{name} takes {names_of(takes)}, but here it is given {names_of(types)}"
            yield place, reason, "see Functions in docs/mapping.md, or correct the type in schema.json"
            return
        if takes is not None or gives is not None:
            types = types & gives if types and gives and types & gives and takes == gives else gives
        else:
            types = types if name == "nonblank" else None
    if "lookup" in written and types and _KEY and not types & _KEY:
        yield (*steps, "lookup"), f"lookup takes text or an integer, but here it is given {names_of(types)}", ""


def _read_types(placed: PlacedRow) -> Types:
    """Return the types of what a row reads, as schema.json says; None if it says nothing."""
    origin = placed.row.origin
    if isinstance(origin, Template):
        return frozenset({"string"})
    if isinstance(origin, Build):
        return frozenset({"object"})
    if "all" in placed.written:
        return _LIST
    if isinstance(origin, Constant):
        return None
    shapes = [
        placed.context.shape_of(path) for path in placed.row.origin_paths() if not _is_picked(placed, path)
    ]
    types = [shape.types for shape in shapes if shape]
    if any("*" in path.keys for path in placed.row.origin_paths()):
        return _LIST
    return None if not types or None in types else frozenset().union(*(found or () for found in types))


def _is_picked(placed: PlacedRow, path: Any) -> bool:
    text = placed.written.get("from")
    return path.text not in (text if isinstance(text, list) else [text])


def _check_results(subject: Subject, placed: PlacedRow) -> None:
    """Run a row on the fixtures: where it reads a value, it should give one."""
    row, written = placed.row, placed.written
    plain = replace(row, when=None, each=None, apply=(), lookup=None, fallback=None, to=())
    given = [
        (value, scope)
        for scope in placed.context.scopes
        if row.when is None or satisfies(row.when, scope)
        if (value := row_value(plain, scope)) is not None and value != ""
    ]
    results = [row_value(replace(row, fallback=None), scope) for _, scope in given]
    if given and all(result is None for result in results):
        key = next((key for key in ("lookup", "apply", "each") if key in written), "")
        if key:
            reason = f"{_word(written, key)} gives no value in any fixture; one is {_kind(given[0][0])}"
            subject.mapping.add_problem((*placed.steps, key), "no-result", reason, _advice(key))
    if any(target.keys[0] in _TIMES and len(target.keys) == 1 for target in row.to):
        values = [value for value in (row_value(row, scope) for _, scope in given) if value is not None]
        _check_times(subject, placed, values)


def _check_times(subject: Subject, placed: PlacedRow, values: list[Any]) -> None:
    """Record times that are not ISO 8601 in every fixture, or lie in another century: of another unit."""
    years = [_year(value) for value in values]
    if values and not any(years):
        reason = "RudderStack takes ISO 8601, and no fixture gives it here"
        advice = 'convert the time: {"apply": [{"time": "s"}]}, or "ms", "iso" or a pattern'
        subject.mapping.add_problem((*placed.steps, "to"), "not-a-time", reason, advice)
    elif values and all(year and year not in _YEARS for year in years):
        reason = f"the fixtures' times are of the year {years[0]}"
        advice = 'seconds and milliseconds are different: {"time": "s"} or {"time": "ms"}'
        subject.mapping.add_problem((*placed.steps, "apply"), "not-a-time", reason, advice)


def _year(value: Any) -> int | None:
    try:
        return datetime.fromisoformat(value).year
    except (TypeError, ValueError):
        return None


def _word(written: dict[str, Any], key: str) -> str:
    content = written[key]
    if key != "apply":
        return f"{key} {content}" if isinstance(content, str) else key
    names = [signature(call)[0] for call in (content if isinstance(content, list) else [content])]
    return " and ".join(names)


def _kind(value: Any) -> str:
    return type_name(value)


def _advice(key: str) -> str:
    if key == "lookup":
        return "add the missing keys to the table, or use another table"
    return "see what the functions take in docs/mapping.md" if key == "apply" else "each takes a list"
