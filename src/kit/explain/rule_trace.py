"""Traces rules: which of them match a record, and what the rows of each write."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.codec import Object
from ...core.json_value import deep_copy, pointer
from ...core.mapping.interpret import Scope, event_name, event_scopes
from ...core.mapping.model import DROP, EventMapping, Rule
from ..leaves import leaves
from ..mapping_file import MappingFile
from .row_trace import ReadValue, Trace, trace_row, trace_rows


class TracedRule(msgspec.Struct, frozen=True):
    """A rule that was tried; `unmet` is the condition of its `when` that fails, if it does not match."""

    label: str
    line: int
    unmet: str


class TracedEvent(msgspec.Struct, frozen=True):
    """An event as a rule made it, before it is finished; the fields are None if the rule drops the record."""

    rule: Rule
    line: int
    position: int
    name: Any = None
    fields: Object | None = None
    traces: tuple[Trace, ...] = ()


def trace_rules(
    mapping: EventMapping, scope: Scope, file: MappingFile
) -> tuple[list[TracedRule], list[TracedEvent]]:
    """Apply the rules to a record as `apply_rules` does, and trace them."""
    rules: list[TracedRule] = []
    events: list[TracedEvent] = []
    for index, rule in enumerate(mapping.rules):
        line = file.line(("events", index))
        unmet = file.unmet(rule.when, scope, ("events", index, "when"))
        rules.append(TracedRule(rule.label, line, unmet))
        if unmet:
            continue
        events += _trace_rule(rule, index, scope, file)
        if not mapping.emit_all:
            break
    return rules, events


def _trace_rule(rule: Rule, index: int, scope: Scope, file: MappingFile) -> list[TracedEvent]:
    line = file.line(("events", index))
    if rule.type == DROP:
        return [TracedEvent(rule, line, 0)]
    events = []
    for position, inner in enumerate(event_scopes(rule, scope)):
        earlier = _trace_passed(rule, index, inner, file) + _trace_name(rule, inner, file)
        traces = trace_rows(rule.rows, inner, file, earlier)
        events.append(TracedEvent(rule, line, position, event_name(rule, inner), inner.event, traces))
    return events


def _trace_passed(rule: Rule, index: int, scope: Scope, file: MappingFile) -> tuple[Trace, ...]:
    """Trace an event that is passed through as if a row had written it."""
    if rule.passthrough is None:
        return ()
    steps = ("events", index, "pass")
    read = ReadValue(rule.passthrough.text, deep_copy(scope.event))
    return (Trace(file.line(steps), pointer(*steps), (read,), wrote=leaves(scope.event)),)


def _trace_name(rule: Rule, scope: Scope, file: MappingFile) -> tuple[Trace, ...]:
    """Trace the event's name as if a row had written it."""
    if rule.event is None:
        return ()
    trace = trace_row(rule.event, replace(scope, event=None), file)
    wrote = {} if trace.value is None else {"event": trace.value}
    return (replace(trace, to=("event",), wrote=wrote),)
