"""Specializes a mapping for one operator's settings: conditions that read only settings are evaluated once.

So an event pays nothing for a setting nobody uses.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from .interpret import Scope, matches
from .model import EventMapping, Row
from .pattern import Pattern


def config_conditions(mapping: EventMapping) -> tuple[Pattern, ...]:
    """Return the conditions of rows that read nothing but `$config`, in the order of the rows."""
    rows = {id(row): row for rule in mapping.rules for row in rule.rows}  # rules share rows
    conditions = (row.when for row in rows.values() if row.when is not None)
    return tuple(when for when in conditions if all(path.root == "$config" for path in when.paths()))


def evaluate(conditions: tuple[Pattern, ...], config: dict[str, Any]) -> tuple[bool, ...]:
    """Evaluate such conditions for an operator's settings."""
    scope = Scope(record=None, config=config)
    return tuple(matches(condition, scope) for condition in conditions)


def specialize(
    mapping: EventMapping, conditions: tuple[Pattern, ...], results: tuple[bool, ...]
) -> EventMapping:
    """Return the mapping without the rows whose condition is false; those with a true one always run."""
    known = {id(condition): result for condition, result in zip(conditions, results, strict=True)}
    rules = (replace(rule, rows=_specialize_rows(rule.rows, known)) for rule in mapping.rules)
    return replace(mapping, rules=tuple(rules))


def _specialize_rows(rows: tuple[Row, ...], known: dict[int, bool]) -> tuple[Row, ...]:
    return tuple(
        replace(row, when=None) if id(row.when) in known else row
        for row in rows
        if known.get(id(row.when), True)
    )
