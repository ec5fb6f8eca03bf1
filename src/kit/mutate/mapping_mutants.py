"""Lists the mutants of a mapping: rules, rows and their parts, removed or changed one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from ...core.json_value import Steps
from ..quote import quote
from ..wording import lacking, origin_text
from .condition_mutants import condition_changes
from .function_mutants import argument_changes, function_record
from .mutant import Mutant, removed, replaced

_Document: TypeAlias = dict[str, Any]
_FILE = "mapping.json"
_SETTINGS = (
    ("emit", "all", "a record that two rules match"),
    ("unmatched", "drop", "a record that no rule matches"),
    ("compact", True, "a record in which a copied object has a null member"),
)
"""What a mapping may set, to a value other than the default, and the record that shows it."""


def mapping_mutants(document: _Document) -> Iterator[Mutant]:
    """List the mutants of a mapping.json, those of a whole before those of its parts."""
    return _Mapping(document).mutants()


class _Mapping:
    def __init__(self, document: _Document) -> None:
        self._document = document

    def mutants(self) -> Iterator[Mutant]:
        document = self._document
        for index, rule in enumerate(document["events"]):
            steps: Steps = ("events", index)
            yield self._removed("remove-rule", steps, "without this rule", "a record that gets to it", steps)
            yield from self._condition(rule, steps)
            if isinstance(rule.get("event"), dict):
                yield from self._parts(rule["event"], (*steps, "event"))
            yield from self._rows(rule.get("map", []), (*steps, "map"))
        for index, reply in enumerate(document.get("reply", [])):
            steps = ("reply", index)
            record = "a record that is replied to"
            yield self._removed("remove-rule", steps, "without this reply", record, (*steps, "body"))
            yield from self._condition(reply, steps)
            if isinstance(reply["body"], dict):
                yield from self._parts(reply["body"], (*steps, "body"))
        yield from self._rows(document.get("map", []), ("map",))
        yield from self._settings()

    def _settings(self) -> Iterator[Mutant]:
        for key, value, record in _SETTINGS:
            if self._document.get(key) == value:
                yield self._removed("remove-setting", (key,), f"without {key}", record, ())

    def _rows(self, rows: list[_Document], steps: Steps) -> Iterator[Mutant]:
        for index, row in enumerate(rows):
            place = (*steps, index)
            to = row.get("to", [])
            targets = to if isinstance(to, list) else [to]
            change = f"without the row that writes {' and '.join(targets)}"
            record = f"a record of which only this row gives {' and '.join(targets)} a value"
            yield self._removed("remove-row", place, change, record, place)
            yield from self._parts(row, place)
            for number, target in enumerate(to if isinstance(to, list) and len(to) > 1 else ()):
                change = f"without the target {target}"
                record = f"a record in which no other row gives {target}"
                yield self._removed("remove-target", (*place, "to", number), change, record, place)

    def _parts(self, row: _Document, steps: Steps) -> Iterator[Mutant]:
        """List the mutants of what a row does, except writing."""
        yield from self._condition(row, steps)
        yield from self._paths(row, steps)
        yield from self._functions(row, steps)
        yield from self._rows(row.get("each", []), (*steps, "each"))
        for name, member in row.get("object", {}).items():
            place = (*steps, "object", name)
            record = f"a record that gives {name} a value"
            yield self._removed("remove-member", place, f"without the member {name}", record, place)
            if isinstance(member, dict):
                yield from self._parts(member, place)
        if "lookup" in row:
            record = "a record with a value that the table has"
            yield self._removed("remove-lookup", (*steps, "lookup"), "without lookup", record, steps)
        if "else" in row:
            record = f"a record in which {lacking(row)}"
            yield self._removed("remove-else", (*steps, "else"), "without else", record, (*steps, "else"))
            if isinstance(row["else"], dict):
                yield from self._parts(row["else"], (*steps, "else"))

    def _paths(self, row: _Document, steps: Steps) -> Iterator[Mutant]:
        for word in ("from", "all"):
            written = row.get(word)
            paths = written if isinstance(written, list) and len(written) > 1 else []
            for index, path in enumerate(paths):
                others = ", ".join(other for other in paths if other != path)
                alone = f", and none at {others}" if word == "from" else ""
                place = (*steps, word, index)
                record = f"a record with a value at {path}{alone}"
                yield self._removed("remove-path", place, f"without {path} in {word}", record, place)
        for word in ("omit", "pick"):
            written = row.get(word, [])
            for index, path in enumerate(written if isinstance(written, list) else [written]):
                place = (*steps, word, index) if isinstance(written, list) else (*steps, word)
                record = f"a record with {path} in what the row copies"
                yield self._removed("remove-path", place, f"without {path} in {word}", record, place)

    def _functions(self, row: _Document, steps: Steps) -> Iterator[Mutant]:
        written, origin = row.get("apply", []), origin_text(row)
        for index, call in enumerate(written if isinstance(written, list) else [written]):
            place = (*steps, "apply", index) if isinstance(written, list) else (*steps, "apply")
            name = call if isinstance(call, str) else next(iter(call))
            record = f"a record in which {function_record(name, origin)}"
            yield self._removed("remove-function", place, f"without {name}", record, steps)
            for other, reason in argument_changes(call) if isinstance(call, dict) else ():
                content = replaced(self._document, (*place, name), other)
                change, record = f"with {quote(other)} for {name}", f"a record in which {origin} {reason}"
                yield Mutant("change-argument", _FILE, place, content, change, record, steps)

    def _condition(self, owner: _Document, steps: Steps) -> Iterator[Mutant]:
        place = (*steps, "when")
        for changed in condition_changes(owner.get("when", {})):
            content = replaced(self._document, place, changed.when)
            inside = (*place, *changed.steps)
            yield Mutant(changed.code, _FILE, inside, content, changed.change, changed.record, place)

    def _removed(self, code: str, steps: Steps, change: str, record: str, tests: Steps) -> Mutant:
        return Mutant(code, _FILE, steps, removed(self._document, self._whole(steps)), change, record, tests)

    def _whole(self, steps: Steps) -> Steps:
        """Return the steps to a list that holds nothing but what these steps lead to, or else these steps."""
        above: Any = self._document
        for step in steps[:-1]:
            above = above[step]
        return steps[:-1] if isinstance(above, list) and len(above) == 1 else steps
