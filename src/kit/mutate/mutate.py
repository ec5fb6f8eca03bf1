"""Finds the mutants of a source that no fixture notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ...core.json_value import Steps, pointer
from ...core.source_file import SourceFile, read_source_file
from ..coverage.coverage import CaseRun, measure
from ..suite import Suite
from ..waivers import read_waivers
from .file_mutants import schema_mutants, source_mutants, table_mutants
from .listed_paths import ListedPaths
from .mapping_mutants import mapping_mutants
from .mutant import MUTATIONS, Mutant
from .runner import mutant_runner


class Verdict(msgspec.Struct, frozen=True):
    """What the fixtures say of one mutant.

    Attributes:
        mutant: the mutant.
        line: the line of the change.
        noticed_by: the case that has another outcome; `""` if none has.
        nearest: the case that is most like one that would.
        reason: why no fixture can notice it, as a waiver says.
    """

    mutant: Mutant
    line: int
    noticed_by: str
    nearest: str = ""
    reason: str = ""

    @property
    def is_unexplained(self) -> bool:
        """Whether a fixture is missing, or what was changed is not needed."""
        return not (self.noticed_by or self.reason)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict on a mutant that no fixture notices as a JSON object."""
        mutant = self.mutant
        place = {"file": mutant.file, "line": self.line, "pointer": pointer(*mutant.steps)}
        fixture = {"like": self.nearest, "holds": mutant.record}
        return {
            "code": mutant.code,
            **place,
            "change": mutant.change,
            "fixture": fixture,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        mutant = self.mutant
        place = f"{mutant.file}:{self.line} {pointer(*mutant.steps)}"
        like = f"one like {self.nearest}" if self.nearest else "one"
        return f"{place}: no fixture notices {mutant.change} [{mutant.code}] - add {like}, with {mutant.record}"


class Mutation:
    """The mutants of a source, and the cases that may notice them."""

    def __init__(self, suite: Suite) -> None:
        """Raises SpringheadError if a case cannot be run."""
        folder = suite.source.folder
        self.source: str = suite.source.name
        self._suite = suite
        self._files = {path.name: read_source_file(path) for path in sorted(folder.glob("[!.]*.json"))}
        self._waivers = [w for w in read_waivers(self._files["source.json"].value) if w.code in MUTATIONS]
        self._runs = sorted(measure(suite).runs, key=lambda run: len(run.records))
        self._listed = ListedPaths(suite.source, self._runs)
        self.mutants = [mutant for file in self._files.values() for mutant in _mutants(file)]
        self.stale = list(self._waivers)

    def verdicts(self) -> Iterator[Verdict | None]:
        """Run the mutants one by one; None is one that says nothing, because a larger one survived.

        Raises:
            SpringheadError: a case is not as expected.
        """
        survivors: list[tuple[str, Steps]] = []
        with mutant_runner(self._suite) as runner:
            for mutant in self.mutants:
                if self._is_idle(mutant) or _is_inside(mutant, survivors):
                    yield None
                    continue
                touched = [name for name in self._touched(mutant) if name in runner.trials]
                others = [
                    run.case for run in self._runs if run.case not in touched and run.case in runner.trials
                ]
                noticed_by = runner.noticed_by(mutant, [*touched, *(others if _concerns_all(mutant) else ())])
                if noticed_by == "" and mutant.code.startswith("remove-"):
                    survivors.append((mutant.file, mutant.steps))
                yield None if noticed_by is None else self._verdict(mutant, noticed_by, touched)

    def _verdict(self, mutant: Mutant, noticed_by: str, touched: list[str]) -> Verdict:
        line = self._files[mutant.file].line(pointer(*mutant.steps))
        if noticed_by:
            return Verdict(mutant, line, noticed_by)
        place = pointer(*mutant.steps)
        waivers = [waiver for waiver in self._waivers if waiver.covers(mutant.code, mutant.file, place)]
        self.stale = [waiver for waiver in self.stale if waiver not in waivers]
        return Verdict(mutant, line, "", self._nearest(mutant, touched), waivers[0].reason if waivers else "")

    def _nearest(self, mutant: Mutant, touched: list[str]) -> str:
        """Name the smallest case that runs what is changed, or else something near to it."""
        steps = mutant.tests
        while not touched and steps:
            steps = steps[:-1]
            touched = [run.case for run in self._runs if _runs_place(run, mutant.file, steps)]
        return next(iter(touched), "") or next((run.case for run in self._runs if run.ran), "")

    def _touched(self, mutant: Mutant) -> list[str]:
        """Name the cases that run what is changed, those with the fewest records first."""
        if mutant.file == "source.json":
            held = (
                self._listed.cases(_entry(self._files, mutant)) if mutant.steps[0] in ("secrets", "pii") else {}
            )
            redacted = [run.case for run in self._runs if run.case in held and _redacts(run)]
            return redacted or [run.case for run in self._runs if run.case in held]
        if mutant.file == "schema.json":
            accepts = self._suite.source.schema.accepts
            return [x.case for x in self._runs if any(not accepts(r.scope.record) for r in x.records)]
        return [run.case for run in self._runs if _runs_place(run, mutant.file, mutant.tests)]

    def _is_idle(self, mutant: Mutant) -> bool:
        """Whether a listed path masks values, none of which is ever read: it is there for safety."""
        if mutant.file != "source.json" or mutant.steps[0] not in ("secrets", "pii"):
            return False
        held = self._listed.cases(_entry(self._files, mutant))
        return bool(held) and not any(held.values())


def _mutants(file: SourceFile) -> Iterator[Mutant]:
    content = file.value or {}
    match file.name:
        case "mapping.json":
            yield from mapping_mutants(content)
        case "source.json":
            yield from source_mutants(content)
        case "schema.json":
            yield from schema_mutants(content)
        case table:
            yield from table_mutants(table.removesuffix(".json"), content)


def _entry(files: dict[str, SourceFile], mutant: Mutant) -> str:
    value: Any = files[mutant.file].value
    for step in mutant.steps:
        value = value[step]
    return str(value)


def _redacts(run: CaseRun) -> bool:
    return any(record.scope.config.get("redact", "off") != "off" for record in run.records)


def _runs_place(run: CaseRun, file: str, steps: Steps) -> bool:
    return any(name == file and place[: len(steps)] == steps for name, place, _ in run.ran)


def _concerns_all(mutant: Mutant) -> bool:
    """Whether a case that does not run what is changed may notice it: not an entry that it never looks up."""
    return mutant.code != "remove-entry"


def _is_inside(mutant: Mutant, survivors: list[tuple[str, Steps]]) -> bool:
    return any(mutant.file == file and mutant.steps[: len(steps)] == steps for file, steps in survivors)
