"""Orders the cases of a source by how likely they are to notice a mutant."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.json_value import Steps
from ...core.source import Source
from ..coverage.coverage import CaseRun
from .listed_paths import ListedPaths
from .mutant import Mutant


class CaseOrder:
    """The cases of a source, those with the fewest records first."""

    def __init__(self, source: Source, runs: Iterable[CaseRun]) -> None:
        self._accepts = source.schema.accepts
        self._runs = sorted(runs, key=lambda run: len(run.records))
        self._listed = ListedPaths(source, self._runs)

    def likely(self, mutant: Mutant) -> list[str]:
        """Name the cases that run what is changed."""
        if mutant.listed:
            held = self._listed.cases(mutant.listed)
            runs = [run for run in self._runs if run.case in held]
            return [run.case for run in sorted(runs, key=lambda run: _level(run) != mutant.steps[0])]
        if mutant.file == "schema.json":
            return [
                run.case for run in self._runs if not all(self._accepts(x.scope.record) for x in run.records)
            ]
        if mutant.file == "source.json":
            return []
        return [run.case for run in self._runs if _runs_place(run, mutant.file, mutant.tests)]

    def others(self, mutant: Mutant, likely: list[str]) -> list[str]:
        """Name the other cases that may notice it. An entry is noticed only where it is looked up."""
        return (
            [] if mutant.code == "remove-entry" else [run.case for run in self._runs if run.case not in likely]
        )

    def nearest(self, mutant: Mutant, likely: list[str]) -> str:
        """Name the smallest case that runs what is changed, or what is around it; `""` if none does."""
        steps = mutant.tests
        while not likely and steps:
            steps = steps[:-1]
            likely = [run.case for run in self._runs if _runs_place(run, mutant.file, steps)]
        return next(iter(likely), "") or next((run.case for run in self._runs if run.ran), "")

    def is_idle(self, mutant: Mutant) -> bool:
        """Whether a listed path masks only values that nothing reads: it is there for safety."""
        held = self._listed.cases(mutant.listed) if mutant.listed else {}
        return bool(held) and not any(held.values())


def _level(run: CaseRun) -> str:
    return next((str(record.scope.config.get("redact")) for record in run.records), "")


def _runs_place(run: CaseRun, file: str, steps: Steps) -> bool:
    return any(name == file and place[: len(steps)] == steps for name, place, _ in run.ran)
