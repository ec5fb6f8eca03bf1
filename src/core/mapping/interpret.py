"""The mapping language, slow and obvious: what each word means, one function each.

The compiled form must agree with this on everything; where it meets a case it is not made for, it asks here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .mask import hide
from .model import DROP, Build, Constant, FirstOf, Origin, Read, ReplyRule, Row, Rule, Spec
from .path import Path, Target, read
from .pattern import Pattern, holds
from .write import join, omit, pick, write


@dataclass(frozen=True, slots=True)
class Scope:
    """What the paths of a row can reach."""

    record: Any
    item: Any = None
    request: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    parent: Any = None
    event: Any = None


Mapped: TypeAlias = "tuple[Rule, int, Any, dict[str, Any] | None]"
"""What a rule made of a record: the rule, the position in its `each`, the event's name, and the event's fields.

The fields are None where the rule drops the record.
"""


def apply_rules(spec: Spec, scope: Scope) -> list[Mapped] | None:
    """What the rules make of a record; None where none matches."""
    mapped: list[Mapped] | None = None
    for rule in spec.rules:
        if rule.when is not None and not matches(rule.when, scope):
            continue
        mapped = (mapped or []) + _apply_rule(rule, scope)
        if not spec.emit_all:
            break
    return mapped


def reply_body(rule: ReplyRule, scope: Scope) -> Any:
    """The answer this rule gives to the record, or None where it gives none."""
    if rule.when is not None and not matches(rule.when, scope):
        return None
    return row_value(rule.body, scope)


def _apply_rule(rule: Rule, scope: Scope) -> list[Mapped]:
    if rule.type == DROP:
        return [(rule, 0, None, None)]
    scopes = [scope]
    if rule.each is not None:
        elements = value_at(rule.each, scope)
        elements = elements if isinstance(elements, list) else []
        scopes = [replace(scope, record=element, parent=scope.record) for element in elements]
    return [
        (rule, position, None if rule.event is None else row_value(rule.event, one), fields(rule, one))
        for position, one in enumerate(scopes)
    ]


def fields(rule: Rule, scope: Scope) -> dict[str, Any]:
    """The event's fields: what is passed through, then the rows in their order."""
    event: dict[str, Any] = {}
    if rule.passed is not None:
        passed = value_at(rule.passed, scope)
        for key, value in passed.items() if isinstance(passed, dict) else ():
            write(event, Target(key, (key,)), value)
    return write_rows(rule.rows, replace(scope, event=event))


def write_rows(rows: tuple[Row, ...], scope: Scope) -> dict[str, Any]:
    """Run the rows in order into `scope.event`, and give it."""
    event: dict[str, Any] = scope.event
    for row in rows:
        value = row_value(row, scope)
        if value is not None:
            for target in row.to:
                write(event, target, value)
    return event


def row_value(row: Row, scope: Scope) -> Any:
    """The value a row gives, or None: origin, omit, pick, each, apply, lookup, else."""
    if row.when is not None and not matches(row.when, scope):
        return None
    value = _origin(row.origin, scope)
    if row.omit:
        value = omit(value, row.omit)
    if row.pick:
        value = pick(value, row.pick)
    if row.each is not None:
        value = each_element(value, row.each, scope)
    for function in row.apply:
        value = None if value is None else function(value)
    if row.lookup is not None:
        value = looked_up(row.lookup, value)
    if value is None and row.otherwise is not None:
        return row_value(row.otherwise, scope)
    return value


def each_element(value: Any, rows: tuple[Row, ...], scope: Scope) -> Any:
    """The list of objects the rows make of the elements of `value`; None where it is no list or gives none."""
    if not isinstance(value, list):
        return None
    made = [
        write_rows(rows, replace(scope, record=element, parent=scope.record, event={})) for element in value
    ]
    return [one for one in made if one] or None


def looked_up(table: dict[str, Any], value: Any) -> Any:
    """The table's value for a text or an integer, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return table.get(str(value))


def value_at(path: Path, scope: Scope) -> Any:
    """The value at a path, masked where the path says so."""
    match path.root:
        case "$item":
            start = scope.item
        case "$request":
            start = scope.request
        case "$config":
            start = scope.config
        case "$parent":
            start = scope.parent
        case "$event":
            start = scope.event
        case _:
            start = scope.record
    value = read(start, path)
    return value if path.mask is None else hide(value, path.mask)


def matches(pattern: Pattern, scope: Scope) -> bool:
    """Whether all entries of a pattern hold, and one of its alternatives where it has some."""
    return all(holds(matcher, value_at(path, scope)) for path, matcher in pattern.entries) and (
        not pattern.any or any(matches(one, scope) for one in pattern.any)
    )


def _origin(origin: Origin, scope: Scope) -> Any:
    match origin:
        case Read(path):
            return value_at(path, scope)
        case FirstOf(paths):
            values = (value_at(path, scope) for path in paths)
            return next((value for value in values if value is not None and value != ""), None)
        case Constant(value):
            return value
        case Build(members):
            made = {key: row_value(row, scope) for key, row in members}
            return {key: value for key, value in made.items() if value is not None} or None
        case _:
            return join(tuple(x if isinstance(x, str) else value_at(x, scope) for x in origin.parts))
