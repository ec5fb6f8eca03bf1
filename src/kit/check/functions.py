"""Finds functions that do not fit the values that schema.json allows them to be given."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.json_value import Steps
from ...core.mapping.model import Build, ListOf, Template
from .context import read_paths
from .function_types import LIST, OBJECT, TEXT, names_of, signatures
from .places import PlacedRow, placed_rows
from .shape import Types
from .subject import Subject


def check(subject: Subject) -> None:
    """Record, for each row, the first step that cannot give a value."""
    for placed in placed_rows(subject):
        for steps, reason in _misfits(placed):
            advice = "see Functions in docs/mapping.md, or correct the type in schema.json"
            subject.mapping.add_problem(steps, "wrong-function", reason, advice)


def _misfits(placed: PlacedRow) -> Iterator[tuple[Steps, str]]:
    """Follow the types of a value through the row, up to the first step that does not take them."""
    types = _read_types(placed)
    for steps, name, (takes, gives, keeps) in signatures(placed.written, placed.steps):
        fitting = types & takes if types and takes else types or takes
        if not fitting and types and takes:
            yield steps, f"{name} takes {names_of(takes)}, but here it is given {names_of(types)}"
            return
        types = fitting if keeps else gives


def _read_types(placed: PlacedRow) -> Types:
    """Return the types that a row may read; None if any."""
    if isinstance(placed.row.origin, Template):
        return TEXT
    if isinstance(placed.row.origin, Build):
        return OBJECT
    if isinstance(placed.row.origin, ListOf):
        return LIST
    paths = read_paths(placed.row)
    if len(paths) == 1:
        return placed.context.read_shape(placed.row).types
    types = [shape.types for path in paths if (shape := placed.context.shape_of(path))]
    return None if not types or None in types else frozenset().union(*(found or () for found in types))
