"""Traces rows: what each reads, what every word does to the value, and what it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.json_value import deep_copy, pointer
from ...core.mapping.interpret import Scope, row_value, value_at, write_rows
from ...core.mapping.masking import apply_mask
from ...core.mapping.model import Build, FirstOf, Row
from ..leaves import dotted, leaves, paths_overlap
from ..mapping_file import MappingFile
from ..quote import quote


class ReadValue(msgspec.Struct, frozen=True):
    """A path a row reads, and the value there."""

    path: str
    value: Any


class Change(msgspec.Struct, frozen=True):
    """What one word of a row, or one function, made of the value."""

    word: str
    before: Any
    after: Any


class Trace(msgspec.Struct, frozen=True):
    """How a row came to its value.

    Attributes:
        line: the row's line in mapping.json.
        pointer: the row's place in mapping.json.
        reads: the paths it starts from, each with the value there.
        changes: what was done with the value, word by word.
        value: what came of it; None if nothing did.
        reason: why the row wrote nothing; empty if it wrote something.
        code: `when`, `no-value` or `earlier-row` if the row wrote nothing, else empty.
        to: where it writes.
        wrote: the values it wrote, by their paths in the event.
        elements: the traces of the rows of its `each`, for every element.
    """

    line: int
    pointer: str
    reads: tuple[ReadValue, ...] = ()
    changes: tuple[Change, ...] = ()
    value: Any = None
    reason: str = ""
    code: str = ""
    to: tuple[str, ...] = ()
    wrote: dict[str, Any] = {}
    elements: tuple[tuple[Trace, ...], ...] = ()


def trace_rows(
    rows: tuple[Row, ...], scope: Scope, file: MappingFile, earlier: tuple[Trace, ...] = ()
) -> tuple[Trace, ...]:
    """Write rows into `scope.event`, in their order, and trace each; `earlier` wrote there before them."""
    traces = list(earlier)
    for row in rows:
        before = leaves(scope.event)
        trace = trace_row(row, scope, file)
        write_rows((row,), scope)
        wrote = {path: value for path, value in leaves(scope.event).items() if not _has(before, path, value)}
        if not (wrote or trace.reason):
            trace = replace(trace, reason=_why_lost(trace, traces), code="earlier-row")
        traces.append(replace(trace, wrote=wrote))
    return tuple(traces)


def trace_row(row: Row, scope: Scope, file: MappingFile) -> Trace:
    """Trace how a row comes to the value that `row_value` returns."""
    trace = Trace(file.line(row.steps), pointer(*row.steps), to=tuple(dotted(target.keys) for target in row.to))
    if unmet := file.unmet(row.when, scope, (*row.steps, "when")):
        return replace(trace, reason=f"its when fails: {unmet}", code="when")
    members = row.origin.members if isinstance(row.origin, Build) else ()
    parts = [trace_row(member, scope, file) for _, member in members]
    reads = list(_read_paths(row, scope))
    changes = [change for part in parts for change in part.changes]
    value = row_value(Row(row.origin), scope)
    elements: tuple[tuple[Trace, ...], ...] = ()
    for word, cut in _cut_rows(row, file):
        if value is None:
            break
        if word == "each":
            elements = _trace_elements(value, row, scope, file)
        before, value = value, row_value(cut, scope)
        changes.append(Change(word, deep_copy(before), deep_copy(value)))
    if value is None and row.fallback is not None:
        parts.append(trace_row(row.fallback, scope, file))
        value = parts[-1].value
        changes += [*parts[-1].changes, Change("else", None, value)]
    reads += [read for part in parts for read in part.reads]
    trace = replace(
        trace, reads=tuple(reads), changes=tuple(changes), value=deep_copy(value), elements=elements
    )
    return trace if value is not None else replace(trace, reason=_why_none(trace), code="no-value")


def _read_paths(row: Row, scope: Scope) -> Iterator[ReadValue]:
    """Read the paths a row starts from; of several to choose from, those up to the first that has a value."""
    for path in row.origin_paths():
        value = value_at(path, scope)
        yield ReadValue(path.text, deep_copy(value))
        if isinstance(row.origin, FirstOf) and value is not None and value != "":
            return


def _cut_rows(row: Row, file: MappingFile) -> Iterator[tuple[str, Row]]:
    """List the words of a row after its origin, each with the row cut off behind it."""
    cut = Row(row.origin)
    for word in ("omit", "pick", "each"):
        if argument := getattr(row, word):
            cut = replace(cut, **{word: argument})
            yield word, cut
    names = iter(file.functions(row.steps))
    for function in row.apply:
        cut = replace(cut, apply=(*cut.apply, function))
        masks = getattr(function, "func", None) is apply_mask
        yield "redact" if masks else next(names, "compact"), cut
    if row.lookup is not None:
        yield "lookup", replace(cut, lookup=row.lookup)


def _trace_elements(value: Any, row: Row, scope: Scope, file: MappingFile) -> tuple[tuple[Trace, ...], ...]:
    """Trace the rows of an `each` for the elements that become an object."""
    scopes = [
        replace(scope, record=element, parent=scope.record, event={})
        for element in (value if isinstance(value, list) else ())
    ]
    traced = [(trace_rows(row.each or (), inner, file), inner.event) for inner in scopes]
    return tuple(traces for traces, event in traced if event)


def _has(before: dict[str, Any], path: str, value: Any) -> bool:
    return path in before and type(before[path]) is type(value) and bool(before[path] == value)


def _why_lost(trace: Trace, earlier: list[Trace]) -> str:
    for winner in earlier:
        for path in winner.wrote:
            if any(paths_overlap(path, target) for target in trace.to):
                return f"line {winner.line} wrote {path} first"
    return "it adds nothing to what is there"


def _why_none(trace: Trace) -> str:
    if trace.changes and trace.changes[-1].before is not None:
        last = trace.changes[-1]
        return f"{last.word} gives nothing for {quote(last.before)}"
    paths = list(dict.fromkeys(read.path for read in trace.reads)) or ["it"]
    return f"{', '.join(paths)} {'has' if len(paths) == 1 else 'have'} no value"
