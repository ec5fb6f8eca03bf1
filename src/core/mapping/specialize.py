"""Settling: a mapping for one operator's settings, in which rows that only ask the settings ask no more.

What an event pays for a setting nobody uses is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .interpret import Scope, matches
from .model import Row, Spec
from .pattern import Pattern


def questions(spec: Spec) -> tuple[Pattern, ...]:
    """The conditions of rows that read nothing but `$config`, in the order of the rules and their rows."""
    rows = {id(row): row for rule in spec.rules for row in rule.rows}  # shared rows stand in every rule
    return tuple(_questions(iter(rows.values())))


def answers(asked: tuple[Pattern, ...], config: dict[str, Any]) -> tuple[bool, ...]:
    """What these settings answer to the questions."""
    scope = Scope(record=None, config=config)
    return tuple(matches(pattern, scope) for pattern in asked)


def settled(spec: Spec, asked: tuple[Pattern, ...], answered: tuple[bool, ...]) -> Spec:
    """The mapping in which those rows always run, or are gone."""
    known = {id(pattern): answer for pattern, answer in zip(asked, answered, strict=True)}
    return replace(
        spec,
        rules=tuple(replace(rule, rows=tuple(_settled(rule.rows, known))) for rule in spec.rules),
    )


def _questions(rows: Iterator[Row]) -> Iterator[Pattern]:
    for row in rows:
        if row.when is not None and all(path.root == "$config" for path in row.when.paths()):
            yield row.when


def _settled(rows: tuple[Row, ...], known: dict[int, bool]) -> Iterator[Row]:
    for row in rows:
        answer = None if row.when is None else known.get(id(row.when))
        if answer is None:
            yield row
        elif answer:
            yield replace(row, when=None)
