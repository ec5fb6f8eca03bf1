"""Interprets mappings, slowly and obviously: one function for what each word of the language means.

The compiled mapping must agree with this on everything, and calls into it for what it does not compile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from .masking import apply_mask
from .model import DROP, Build, Constant, EventMapping, FirstOf, ListOf, Origin, Read, ReplyRule, Row, Rule
from .path import Path, Target, read
from .pattern import Matcher, Pattern, holds, holds_for_any
from .read_budget import ReadBudget, outside_reads
from .stars import read_all
from .write import join, omit, pick, write


class Scope(msgspec.Struct, frozen=True):
    """What the paths of a row can reach, and how much the `each`es of a record may read; all if it is None."""

    record: Any
    item: Any = None
    request: dict[str, Any] = {}
    config: dict[str, Any] = {}
    parent: Any = None
    event: Any = None
    budget: ReadBudget | None = None


MappedEvent: TypeAlias = "tuple[Rule, int, Any, dict[str, Any] | None]"
"""What a rule made of a record: the rule, the index in its `each`, the event's name, and the event's fields.

The fields are None if the rule drops the record.
"""


def apply_rules(mapping: EventMapping, scope: Scope) -> list[MappedEvent] | None:
    """Apply the rules to a record; None if no rule matches."""
    mapped: list[MappedEvent] | None = None
    for rule in mapping.rules:
        if rule.when is not None and not matches(rule.when, scope):
            continue
        mapped = (mapped or []) + _apply_rule(rule, scope)
        if not mapping.emit_all:
            break
    return mapped


def first_reply(replies: tuple[ReplyRule, ...], scope: Scope) -> tuple[ReplyRule, Any] | None:
    """Return the first rule that answers the record, with its answer; None if none does."""
    for rule in replies:
        if rule.when is None or matches(rule.when, scope):
            body = row_value(rule.body, scope)
            if body is not None:
                return rule, body
    return None


def row_value(row: Row, scope: Scope) -> Any:
    """Return the value of a row, or None: origin, omit, pick, each, apply, lookup, else."""
    if row.when is not None and not matches(row.when, scope):
        return None
    value = _origin_value(row.origin, scope)
    if row.omit:
        value = omit(value, row.omit)
    if row.pick:
        value = pick(value, row.pick)
    if row.each is not None:
        value = _map_elements(value, row.each, scope)
    for function in row.apply:
        value = None if value is None else function(value)
    if row.lookup is not None:
        value = look_up(row.lookup, value)
    if value is None and row.fallback is not None:
        return row_value(row.fallback, scope)
    return value


def look_up(table: dict[str, Any], value: Any) -> Any:
    """Return what a table has for a text or an integer, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return table.get(str(value))


def matches(pattern: Pattern, scope: Scope) -> bool:
    """Whether all entries of a pattern hold, and one of its alternatives if it has some."""
    return all(_entry_holds(path, matcher, scope) for path, matcher in pattern.entries) and (
        not pattern.any or any(matches(alternative, scope) for alternative in pattern.any)
    )


def _entry_holds(path: Path, matcher: Matcher, scope: Scope) -> bool:
    value = value_at(path, scope)
    return holds_for_any(matcher, value) if path.stars else holds(matcher, value)


def event_scopes(rule: Rule, scope: Scope) -> list[Scope]:
    """Return a scope for each event the rule makes, whose `event` is what is passed through, or empty."""
    scopes = [scope]
    if rule.each is not None:
        elements = value_at(rule.each, scope)
        elements = elements if isinstance(elements, list) else []
        _spend(elements, rule.event_rows(), scope)
        scopes = [replace(scope, record=element, parent=scope.record) for element in elements]
    return [replace(inner, event=_passed(rule, inner)) for inner in scopes]


def event_name(rule: Rule, scope: Scope) -> Any:
    """Return the name of the event the rule makes, or None."""
    return None if rule.event is None else row_value(rule.event, replace(scope, event=None))


def write_rows(rows: tuple[Row, ...], scope: Scope) -> dict[str, Any]:
    """Write the rows into `scope.event`, in their order, and return it."""
    event: dict[str, Any] = scope.event
    for row in rows:
        value = row_value(row, scope)
        if value is not None:
            for target in row.to:
                write(event, target, value)
    return event


def value_at(path: Path, scope: Scope) -> Any:
    """Read the value at a path, and mask it if the path has a mask."""
    roots = {"": scope.record, "$item": scope.item, "$request": scope.request}
    roots |= {"$config": scope.config, "$parent": scope.parent, "$event": scope.event}
    value = read(roots[path.root], path)
    if path.stars:
        return read_all(value, path)
    return value if path.mask is None else apply_mask(value, path.mask)


def interpret_mapping(mapping: EventMapping) -> Callable[[Any, Any, Any, Any], list[MappedEvent] | None]:
    """Return a function that does what the compiled mapping does: made in no time, and slower to run."""

    def run(record: Any, item: Any, request: Any, config: Any) -> list[MappedEvent] | None:
        return apply_rules(mapping, Scope(record, item, request, config, budget=ReadBudget()))

    return run


def interpret_replies(
    replies: tuple[ReplyRule, ...],
) -> Callable[[Any, Any, Any, Any], tuple[ReplyRule, Any] | None]:
    """Return a function that does what compiled replies do."""

    def reply(record: Any, item: Any, request: Any, config: Any) -> tuple[ReplyRule, Any] | None:
        return first_reply(replies, Scope(record, item, request, config, budget=ReadBudget()))

    return reply


def _apply_rule(rule: Rule, scope: Scope) -> list[MappedEvent]:
    if rule.type == DROP:
        return [(rule, 0, None, None)]
    scopes = enumerate(event_scopes(rule, scope))
    return [(rule, index, event_name(rule, inner), write_rows(rule.rows, inner)) for index, inner in scopes]


def _passed(rule: Rule, scope: Scope) -> dict[str, Any]:
    event: dict[str, Any] = {}
    if rule.passthrough is not None:
        passed = value_at(rule.passthrough, scope)
        for key, value in passed.items() if isinstance(passed, dict) else ():
            if value is not None:
                write(event, Target(key, (key,)), value)
    return event


def _map_elements(value: Any, rows: tuple[Row, ...], scope: Scope) -> Any:
    """Map each element of a list to an object; None if the value is not a list, or all objects are empty."""
    if not isinstance(value, list):
        return None
    _spend(value, rows, scope)
    scopes = [replace(scope, record=element, parent=scope.record, event={}) for element in value]
    return [element for element in (write_rows(rows, inner) for inner in scopes) if element] or None


def _spend(elements: list[Any], rows: Iterable[Row], scope: Scope) -> None:
    """Count what rows read from outside, for the elements to which they are applied."""
    if scope.budget is not None:
        reads = tuple(outside_reads(rows))
        values = tuple(value_at(replace(outside.path, stars=()), scope) for outside in reads)
        scope.budget.spend(elements, reads, values)


def _origin_value(origin: Origin, scope: Scope) -> Any:
    match origin:
        case Read(path):
            return value_at(path, scope)
        case FirstOf(paths):
            values = (value_at(path, scope) for path in paths)
            return next((value for value in values if value is not None and value != ""), None)
        case ListOf(paths):
            found = [value for path in paths for value in _values_at(path, scope)]
            return [value for value in found if value is not None and value != ""] or None
        case Constant(value):
            return value
        case Build(members):
            made = {key: row_value(row, scope) for key, row in members}
            return {key: value for key, value in made.items() if value is not None} or None
        case _:
            return join(
                tuple(part if isinstance(part, str) else value_at(part, scope) for part in origin.parts)
            )


def _values_at(path: Path, scope: Scope) -> list[Any]:
    """List all values that a path leads to, whether it has stars or not."""
    value = value_at(path, scope)
    return (value or []) if path.stars else [value]
