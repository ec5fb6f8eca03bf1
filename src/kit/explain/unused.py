"""Finds the values of a record that are in no event, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.json_value import Steps
from ...core.mapping.interpret import Scope, apply_rules, value_at
from ...core.mapping.model import Build, EventMapping, FirstOf, Row, Rule
from ...core.mapping.path import Path
from ...core.source import Source
from ..leaves import changed_leaf, dotted, leaf_steps, leaves, paths_overlap, with_leaf, without
from ..mapping_file import MappingFile
from .row_trace import Trace

_CODES = ("left-out", "earlier-row", "no-value", "earlier-path", "else", "when")
"""Why a row does not bring out a value it reads; the first is how far a value may get."""


class Unused(msgspec.Struct, frozen=True):
    """A value that is in no event.

    Attributes:
        path: where it is in the record, or in the item: `$item.sent_at`.
        value: the value.
        code: `no-row`, `null`, or how far a row that reads it got: `when`, `else`, `earlier-path`, `no-value`,
            `earlier-row`, `left-out`.
        reason: a sentence.
        line: the line of that row in mapping.json, or None.
    """

    path: str
    value: Any
    code: str
    reason: str
    line: int | None = None


class UnusedFinder(msgspec.Struct, frozen=True):
    """Finds what is in no event of a record.

    A value is in an event if the event is another without it, or with another value in its place.

    Attributes:
        source: the source.
        rules: the rules that matched the record.
        rows: their rows, each with what it did.
        switched_off: the rows that the settings switch off.
        scope: the record, and all else that rows reach.
        record_steps: the steps from the item to the record.
        file: the mapping file.
    """

    source: Source
    rules: tuple[Rule, ...]
    rows: tuple[tuple[Row, Trace], ...]
    switched_off: tuple[Row, ...]
    scope: Scope
    record_steps: Steps
    file: MappingFile

    def find(self) -> Iterator[Unused]:
        """List the values in the order of the record, then those of the item around it."""
        matched = EventMapping("", tuple(replace(rule, when=None) for rule in self.rules), emit_all=True)
        whole = self._result(matched, self.scope)
        for root, container in (("", self.scope.record), ("$item", self.scope.item)):
            for steps, value in leaf_steps(container):
                if steps and not self._is_in_record(root, steps):
                    changed = (without(container, steps), with_leaf(container, steps, changed_leaf(value)))
                    if all(self._result(matched, self._scope_with(root, other)) == whole for other in changed):
                        yield self._explained(root, steps, value)

    def _is_in_record(self, root: str, steps: Steps) -> bool:
        """Whether what is at these steps of the item is the record's."""
        return root == "$item" and steps[: len(self.record_steps)] == self.record_steps

    def _scope_with(self, root: str, container: Any) -> Scope:
        """What rows reach if the record or the item is another."""
        if root == "$item":
            return replace(self.scope, item=container)
        return replace(
            self.scope, record=container, item=_item_with(self.scope.item, self.record_steps, container)
        )

    def _result(self, mapping: EventMapping, scope: Scope) -> Any:
        """What becomes of a record: names and fields of its events, and its id."""
        mapped = apply_rules(mapping, scope) or []
        record_id = self.source.read_id(scope.record, None, scope.item, scope.request, scope.config)
        return [(name, fields) for _, _, name, fields in mapped], record_id

    def _explained(self, root: str, steps: Steps, value: Any) -> Unused:
        text = f"{root}.{dotted(steps)}".removeprefix(".")
        reasons = [
            (*self._reason(row, trace, root, steps), trace.line)
            for row, trace in self.rows
            if self._reads(row.paths(inner=False), root, steps)
        ]
        reasons += [
            ("when", "the settings switch it off", self.file.line(row.steps))
            for row in self.switched_off
            if self._reads(row.paths(inner=False), root, steps)
        ]
        if value is None and reasons:
            return Unused(text, value, "null", "it is null")
        if reasons:
            return Unused(text, value, *min(reasons, key=lambda reason: _CODES.index(reason[0])))
        conditions = (path for rule in self.rules if rule.when for path in rule.when.paths())
        if self._reads(conditions, root, steps):
            return Unused(text, value, "no-row", "no row reads it, only the when of a rule")
        return Unused(text, value, "no-row", "no row reads it")

    def _reason(self, row: Row, trace: Trace, root: str, steps: Steps) -> tuple[str, str]:
        """Say how far the value got in a row that reads it."""
        if trace.reason:
            return trace.code, trace.reason
        if isinstance(row.origin, FirstOf):
            values = ((path, value_at(path, self.scope)) for path in row.origin.paths)
            winner = next((path for path, value in values if value is not None and value != ""), None)
            if winner is not None and not self._reads([winner], root, steps):
                return "earlier-path", f"it reads {winner.text} first"
        if not self._reads(replace(row, fallback=None).paths(inner=False), root, steps):
            return "else", "its else is not needed"
        if lost := self._lost_to(row, trace, root, steps):
            return "earlier-row", lost
        if self._is_omitted(row, root, steps):
            return "left-out", "its omit leaves this out"
        return "left-out", "what it writes does not depend on this"

    def _is_omitted(self, row: Row, root: str, steps: Steps) -> bool:
        """Whether an `omit` leaves the value out: that of the row, or of one inside its `object` or `each`."""
        if isinstance(row.origin, Build):
            return any(self._is_omitted(member, root, steps) for _, member in row.origin.members)
        for path in row.origin_paths():
            if self._reads([path], root, steps):
                rest = self._from_root(path.root, root, steps)[len(path.keys) :]
                names = tuple(step for step in rest if isinstance(step, str))  # omit needs no step into a list
                if any(_leads_to(omitted, place) for omitted in row.omit for place in (rest, names)):
                    return True
                if any(self._is_omitted(inner, "", rest[1:]) for inner in row.each or ()):
                    return True
        return False

    def _lost_to(self, row: Row, trace: Trace, root: str, steps: Steps) -> str:
        """Say which row had written where this one would have, if it copies an object that holds the value."""
        copied = leaves(trace.value)
        for path in row.origin_paths():
            rest = dotted(self._from_root(path.root, root, steps)[len(path.keys) :])
            places = [f"{target}.{rest}" for target in trace.to if rest in copied]
            for _, other in self.rows:
                if other is not trace and any(paths_overlap(x, y) for x in places for y in other.wrote):
                    return f"line {other.line} wrote {places[0]} first"
        return ""

    def _reads(self, paths: Iterable[Path], root: str, steps: Steps) -> bool:
        """Whether one of these paths leads to what these steps lead to."""
        return any(
            path.root in (root, "$item") and _leads_to(path, self._from_root(path.root, root, steps))
            for path in paths
        )

    def _from_root(self, path_root: str, root: str, steps: Steps) -> Steps:
        """The steps as seen from a path's root: the item holds the record."""
        return self.record_steps + steps if path_root == "$item" and root == "" else steps


def _leads_to(path: Path, steps: Steps) -> bool:
    """Whether a path leads to a place or above it; a key may hold dots, and `*` is any key."""
    text = path.text.removeprefix(path.root).removeprefix(".").replace('"', "")
    wanted, found = text.split(".") if text.strip("$") else [], dotted(steps).split(".")
    pairs = zip(wanted, found, strict=False)
    return len(wanted) <= len(found) and all(key in ("*", step) for key, step in pairs)


def _item_with(item: Any, record_steps: Steps, record: Any) -> Any:
    """Return the item with another record in it; one that was sent as text stays as it is."""
    if not record_steps:
        return record
    step, *below = record_steps
    if not isinstance(item, dict) or not isinstance(item.get(step), dict):
        return item
    return {**item, step: _item_with(item[step], tuple(below), record)}
