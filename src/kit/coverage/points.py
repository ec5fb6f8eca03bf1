"""Lists the points of a source: all that a fixture can run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.json_value import Steps
from ...core.mapping.model import DROP, Build, Constant, FirstOf, ListOf, Row
from ...core.mapping.pattern import Pattern
from ...core.source import Source
from ...core.source_file import SourceFile, read_source_file
from ..mapping_file import MappingFile
from ..quote import quote
from ..rows import list_rows
from ..wording import lacking, providing, satisfied, unsatisfied
from .point import Key, Point, entry_key, key_of


def list_points(source: Source, file: MappingFile) -> list[Point]:
    """List the points of a source, in the order of its files and lines; those of shared rows once."""
    found = [*_Lister(file).points(source), *_entries(source, file)]
    return sorted({point.key: point for point in found}.values(), key=lambda point: (point.key[0], point.line))


def _entries(source: Source, file: MappingFile) -> Iterator[Point]:
    """List the entries of the tables in which rows look values up."""
    rows = [row for row in list_rows(source.mapper.mapping) if row.lookup is not None]
    for table in sorted({file.at(row.steps)["lookup"] for row in rows}):
        content = read_source_file(source.folder / f"{table}.json")
        for entry in content.value or {}:
            yield _entry(content, table, entry)


def _entry(content: SourceFile, table: str, entry: str) -> Point:
    advice = f"add a record with {quote(entry)}, or remove the entry"
    line = content.line("/" + entry.replace("~", "~0").replace("/", "~1"))
    return Point("entry", entry_key(table, entry), line, f"no fixture looks up {quote(entry)}", advice)


class _Lister:
    def __init__(self, file: MappingFile) -> None:
        self._file = file

    def points(self, source: Source) -> Iterator[Point]:
        mapping = source.mapper.mapping
        for index, rule in enumerate(mapping.rules):
            steps: Steps = ("events", index)
            advice = f"add a fixture in which {self._when(rule.when, steps)}"
            yield self._point("rule", key_of(steps), "no record gets to this rule", advice)
            yield from self._condition(rule.when, steps)
            if rule.event is not None and not isinstance(rule.event.origin, Constant):
                yield from self._row(rule.event)
            for row in rule.rows if rule.type != DROP else ():
                yield from self._row(row)
        for index, reply in enumerate(mapping.replies):
            yield from self._condition(reply.when, ("reply", index))
            yield from self._row(reply.body)

    def _when(self, when: Pattern | None, steps: Steps) -> str:
        return "no rule before this one matches" if when is None else satisfied(self._file.at((*steps, "when")))

    def _condition(self, when: Pattern | None, owner: Steps) -> Iterator[Point]:
        """List both ways of a `when`, and each alternative of its `any`."""
        if when is None:
            return
        steps = (*owner, "when")
        written = self._file.at(steps)
        holds, fails = satisfied(written), unsatisfied(written)
        yield self._branch(steps, "holds", "its when never holds", f"add a fixture in which {holds}")
        advice = f"add a fixture in which {fails}, or remove the when"
        yield self._branch(steps, "fails", "its when never fails", advice)
        for index in range(len(when.any)):
            advice = f"add a fixture in which {satisfied(written['any'][index])}"
            yield self._branch((*steps, "any", index), "", "this alternative never holds", advice)

    def _row(
        self, row: Row, reason: str = "no fixture gives this row a value", record: str = ""
    ) -> Iterator[Point]:
        steps, written = row.steps, self._file.at(row.steps)
        yield self._point("row", key_of(steps), reason, f"add {record or providing(written)}")
        yield from self._condition(row.when, steps)
        yield from self._origin(row)
        yield from self._copied(row, written)
        for inner in row.each or ():
            yield from self._row(inner)
        if row.fallback is not None:
            yield from self._row(
                row.fallback, "its else is never used", f"a record in which {lacking(written)}"
            )

    def _copied(self, row: Row, written: dict[str, Any]) -> Iterator[Point]:
        for word, reason in (("omit", "nothing is ever left out here"), ("pick", "nothing is ever kept here")):
            for index, path in enumerate(getattr(row, word)):
                place = (*row.steps, word, index) if isinstance(written[word], list) else (*row.steps, word)
                yield self._branch(place, "", reason, f"add a record with {path.text} in the copied object")

    def _origin(self, row: Row) -> Iterator[Point]:
        match row.origin:
            case FirstOf(paths):
                for index, path in enumerate(paths):
                    before = [other.text for other in paths[:index]]
                    without = f", and none at {' and '.join(before)}" if before else ""
                    advice = f"add a record with a value at {path.text}{without}"
                    reason = f"{path.text} is never the first that has a value"
                    yield self._branch((*row.steps, "from", index), "", reason, advice)
            case ListOf(paths):
                for index, path in enumerate(paths):
                    advice = f"add a record with a value at {path.text}"
                    reason = f"{path.text} never has a value"
                    yield self._branch((*row.steps, "all", index), "", reason, advice)
            case Build(members):
                for name, member in members:
                    yield from self._row(member, f"the member {name} never has a value")

    def _branch(self, steps: Steps, way: str, reason: str, advice: str) -> Point:
        return self._point("branch", key_of(steps, way), reason, advice)

    def _point(self, kind: Any, key: Key, reason: str, advice: str) -> Point:
        return Point(kind, key, self._file.line(key[1]), reason, advice)
