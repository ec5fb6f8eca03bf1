"""Records which points of a mapping a record runs, by interpreting the mapping."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ...core.json_value import Steps
from ...core.mapping.interpret import Scope, event_scopes, look_up, matches, row_value, value_at
from ...core.mapping.model import DROP, Build, EventMapping, FirstOf, ListOf, Row, Rule
from ...core.mapping.pattern import Pattern
from ...core.mapping.write import omit, write
from ..mapping_file import MappingFile
from .point import Key, entry_key, key_of


class Recorder:
    """Runs records, one after the other. `ran` holds the points that any of them ran."""

    def __init__(self, mapping: EventMapping, file: MappingFile) -> None:
        self._mapping = mapping
        self._file = file
        self.ran: set[Key] = set()

    def reply(self, scope: Scope) -> bool:
        """Run the replies on a record that arrived; returns whether that is all that becomes of it."""
        for index, reply in enumerate(self._mapping.replies):
            holds = self._condition(reply.when, ("reply", index), scope)
            if holds and self._row(reply.body, scope) is not None:
                return not reply.events
        return False

    def run(self, scope: Scope) -> list[Rule]:
        """Run the rules on a record that schema.json accepts; returns those that make events of it."""
        matching = []
        for index, rule in enumerate(self._mapping.rules):
            if not self._condition(rule.when, ("events", index), scope):
                continue
            self.ran.add(key_of(("events", index)))
            if rule.type != DROP:
                matching.append(rule)
                for inner in event_scopes(rule, scope):
                    self._event(rule, inner)
            if not self._mapping.emit_all:
                break
        return matching

    def _event(self, rule: Rule, scope: Scope) -> None:
        if rule.event is not None:
            self._row(rule.event, replace(scope, event=None))
        self._rows(rule.rows, scope)

    def _rows(self, rows: tuple[Row, ...], scope: Scope) -> None:
        for row in rows:
            value = self._row(row, scope)
            for target in row.to if value is not None else ():
                write(scope.event, target, value)

    def _condition(self, when: Pattern | None, owner: Steps, scope: Scope) -> bool:
        if when is None:
            return True
        holds, steps = matches(when, scope), (*owner, "when")
        self.ran.add(key_of(steps, "holds" if holds else "fails"))
        if holds:
            alternatives = enumerate(when.any)
            self.ran |= {key_of((*steps, "any", i)) for i, other in alternatives if matches(other, scope)}
        return holds

    def _row(self, row: Row, scope: Scope) -> Any:
        """Run a row, and return its value as `row_value` does."""
        if not self._condition(row.when, row.steps, scope):
            return None
        copied = self._copy(row, scope)
        if row.each is not None:
            for element in copied if isinstance(copied, list) else ():
                self._rows(row.each, replace(scope, record=element, parent=scope.record, event={}))
        own = replace(row, when=None, fallback=None)
        if row.lookup is not None:
            self._look_up(row, row_value(replace(own, lookup=None), scope))
        value = row_value(own, scope)
        if value is not None:
            self.ran.add(key_of(row.steps))
        elif row.fallback is not None:
            return self._row(row.fallback, scope)
        return value

    def _copy(self, row: Row, scope: Scope) -> Any:
        """Run what a row reads, omits and picks, and return what is left."""
        self._origin(row, scope)
        value = row_value(Row(row.origin), scope)
        for index, path in enumerate(row.omit):
            if omit(value, (path,)) != value:
                self._ran_path(row, "omit", index)
        value = row_value(Row(row.origin, omit=row.omit), scope)
        for index, path in enumerate(row.pick):
            if row_value(Row(row.origin, omit=row.omit, pick=(path,)), scope) is not None:
                self._ran_path(row, "pick", index)
        return row_value(Row(row.origin, omit=row.omit, pick=row.pick), scope) if row.pick else value

    def _ran_path(self, row: Row, word: str, index: int) -> None:
        is_list = isinstance(self._file.at((*row.steps, word)), list)
        self.ran.add(key_of((*row.steps, word, index) if is_list else (*row.steps, word)))

    def _origin(self, row: Row, scope: Scope) -> None:
        match row.origin:
            case FirstOf(paths):
                found = [i for i, path in enumerate(paths) if value_at(path, scope) not in (None, "")]
                self.ran |= {key_of((*row.steps, "from", index)) for index in found[:1]}
            case ListOf(paths):
                found = [i for i, path in enumerate(paths) if value_at(path, scope) not in (None, "")]
                self.ran |= {key_of((*row.steps, "all", index)) for index in found}
            case Build(members):
                for _, member in members:
                    self._row(member, scope)

    def _look_up(self, row: Row, value: Any) -> None:
        if look_up(row.lookup or {}, value) is not None:
            self.ran.add(entry_key(self._file.at(row.steps)["lookup"], str(value)))
