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
        self._by_place = _by_place(self._runs)
        self._listed = ListedPaths(self._runs)

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
        return self._that_run(mutant.file, mutant.tests)

    def others(self, mutant: Mutant, likely: list[str]) -> list[str]:
        """Name the other cases that may notice it. An entry is noticed only where it is looked up."""
        if mutant.code == "remove-entry":
            return []
        return [run.case for run in self._runs if run.case not in set(likely)]

    def nearest(self, mutant: Mutant, likely: list[str]) -> str:
        """Name the smallest case that runs what is changed, or what is around it; `""` if none does."""
        steps = mutant.tests
        while not likely and steps:
            steps = steps[:-1]
            likely = self._that_run(mutant.file, steps)
        return next(iter(likely), "") or next((run.case for run in self._runs if run.ran), "")

    def _that_run(self, file: str, steps: Steps) -> list[str]:
        return list(self._by_place.get((file, steps), ()))


def _level(run: CaseRun) -> str:
    return next((str(record.scope.config.get("redact")) for record in run.records), "")


def _by_place(runs: Iterable[CaseRun]) -> dict[tuple[str, Steps], dict[str, None]]:
    """Return the cases that run something at a place, or below it."""
    cases: dict[tuple[str, Steps], dict[str, None]] = {}
    for run in runs:
        for file, steps, _ in run.ran:
            for length in range(len(steps) + 1):
                cases.setdefault((file, steps[:length]), {})[run.case] = None
    return cases
