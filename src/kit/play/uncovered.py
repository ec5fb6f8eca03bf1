"""Finds the rows of a mapping that no fixture runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ...core.json_value import deep_copy, pointer
from ...core.mapping.model import Row
from ..check.subject import Subject
from ..explain.mapping_file import MappingFile
from ..explain.row_trace import Trace
from ..explain.rule_trace import trace_rules


def uncovered_rows(subject: Subject) -> list[str]:
    """List the pointers to these rows in mapping.json, in the order of the file."""
    ran = _rows_run(subject)
    rows = {pointer(*row.steps): None for rule in subject.parsed.rules for row in _with_inner(rule.rows)}
    return [row for row in rows if row not in ran]


def _rows_run(subject: Subject) -> set[str]:
    """The pointers to the rows that any fixture ran."""
    file = MappingFile(subject.mapping)
    ran: set[str] = set()
    for scope in subject.samples.accepted:
        mapping = subject.source.mapper.variant(scope.config)
        _, events = trace_rules(mapping, replace(scope, record=deep_copy(scope.record)), file)
        for event in events:
            ran.update(_run_in(event.traces))
    return ran


def _run_in(traces: Iterable[Trace]) -> Iterator[str]:
    for trace in traces:
        if not trace.reason:
            yield trace.pointer
        for element in trace.elements:
            yield from _run_in(element)


def _with_inner(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _with_inner(row.each or ())
