"""Finds every row and every path of a mapping, with its place in the file and the records it reads from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...core.json_value import Steps
from ...core.mapping.model import Build, Read, Row, Rule
from ...core.mapping.path import Path
from ...core.mapping.pattern import Matcher, Pattern
from .context import UNKNOWN, Context, read_paths
from .shape import Shape
from .subject import Subject


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row, wherever it stands: in `map`, in `each`, as a member of `object`, as `else` or `event`.

    Attributes:
        row: the row.
        written: the row as its author wrote it.
        context: what it reads from.
    """

    row: Row
    written: dict[str, Any]
    context: Context

    @property
    def steps(self) -> Steps:
        """The steps that lead to the row in mapping.json."""
        return self.row.steps


@dataclass(frozen=True, slots=True)
class PlacedPath:
    """A path that is read; `matcher` is what its value must satisfy, if a pattern reads it."""

    steps: Steps
    path: Path
    context: Context
    matcher: Matcher | None = None


def contexts(subject: Subject) -> list[Context]:
    """Return, for each rule, what its rows read from."""
    record = record_context(subject)
    return [
        record if rule.each is None else record.elements(Row(Read(rule.each))) for rule in subject.parsed.rules
    ]


def record_context(subject: Subject) -> Context:
    """Return what is read outside any `each`."""
    return Context(subject.samples.accepted, Shape(subject.schema.value, subject.schema.value))


def placed_rows(subject: Subject) -> list[PlacedRow]:
    """List all rows; one that is shared by the rules is listed once."""
    by_rule = contexts(subject)
    found: dict[Steps, tuple[Row, list[Context]]] = {}
    for rule, context in zip(subject.parsed.rules, by_rule, strict=True):
        for row in (*((rule.event,) if rule.event else ()), *rule.rows):
            found.setdefault(row.steps, (row, []))[1].append(context)
    received = Context(subject.samples.received, record_context(subject).shape)
    for reply in subject.parsed.replies:
        found[reply.body.steps] = (reply.body, [received])
    return [
        placed
        for row, read_from in found.values()
        if isinstance(written := subject.at(row.steps), dict)
        for placed in _with_inner(PlacedRow(row, written, _merged(read_from)))
    ]


def placed_paths(subject: Subject, rows: list[PlacedRow]) -> Iterator[PlacedPath]:
    """List all paths that the mapping reads."""
    record = record_context(subject)
    for index, rule in enumerate(subject.parsed.rules):
        yield from _paths_of_rule(rule, ("events", index), record)
    received = Context(subject.samples.received, record.shape)
    for index, reply in enumerate(subject.parsed.replies):
        if reply.when:
            yield from _paths_of_pattern(reply.when, ("reply", index, "when"), received)
    for placed in rows:
        yield from _paths_of_row(placed)


def _paths_of_rule(rule: Rule, steps: Steps, record: Context) -> Iterator[PlacedPath]:
    if rule.when:
        yield from _paths_of_pattern(rule.when, (*steps, "when"), record)
    if rule.each:
        yield PlacedPath((*steps, "each"), rule.each, record)
    if rule.passthrough and rule.passthrough.keys:
        yield PlacedPath((*steps, "pass"), rule.passthrough, record)


def _paths_of_pattern(pattern: Pattern, steps: Steps, context: Context) -> Iterator[PlacedPath]:
    for path, matcher in pattern.entries:
        yield PlacedPath((*steps, path.text), path, context, matcher)
    for index, alternative in enumerate(pattern.any):
        yield from _paths_of_pattern(alternative, (*steps, "any", index), context)


def _paths_of_row(placed: PlacedRow) -> Iterator[PlacedPath]:
    row, steps, context = placed.row, placed.steps, placed.context
    if row.when:
        yield from _paths_of_pattern(row.when, (*steps, "when"), context)
    key = next((key for key in ("from", "template", "all") if key in placed.written), "")
    for index, path in enumerate(read_paths(row)):
        is_list = isinstance(placed.written.get(key), list)
        yield PlacedPath((*steps, key, index) if is_list else (*steps, key), path, context)
    copied = context.copied(row) if row.omit or row.pick else context
    for key, inner in (("omit", row.omit), ("pick", row.pick)):
        for index, path in enumerate(inner):
            is_list = isinstance(placed.written.get(key), list)
            yield PlacedPath((*steps, key, index) if is_list else (*steps, key), path, copied)


def _with_inner(placed: PlacedRow) -> Iterator[PlacedRow]:
    """List a row and the rows inside it."""
    yield placed
    row, written, context = placed.row, placed.written, placed.context
    inner: list[tuple[Row, Any, Context]] = []
    if isinstance(row.origin, Build):
        inner += [(member, written["object"][name], context) for name, member in row.origin.members]
    if row.fallback is not None:
        inner.append((row.fallback, written["else"], context))
    if row.each is not None:
        elements = context.elements(row)
        inner += [(inside, written["each"][index], elements) for index, inside in enumerate(row.each)]
    for inner_row, inner_written, read_from in inner:
        if isinstance(inner_written, dict):
            yield from _with_inner(PlacedRow(inner_row, inner_written, read_from))


def _merged(read_from: list[Context]) -> Context:
    """Return what a row shared by several rules reads from."""
    different = list({id(context): context for context in read_from}.values())
    if len(different) == 1:
        return different[0]
    scopes = [scope for context in different for scope in context.scopes]
    return Context(scopes, UNKNOWN)
