"""Says which cases hold values at the paths that secrets and pii list, and whether a source reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...core.json_value import Steps
from ...core.mapping.mask import build_mask, parse_listed_path
from ...core.source import Source
from ..coverage.coverage import CaseRun
from ..coverage.reads import is_read, list_reads
from ..coverage.records import Record
from ..explain.leaves import leaf_steps


class ListedPaths:
    """The values in the records of some cases, and in the items around them."""

    def __init__(self, source: Source, runs: Iterable[CaseRun]) -> None:
        self._reads = list_reads(source)
        self._cases: dict[str, dict[str, bool]] = {}
        self._values = {
            run.case: {x for record in run.records for x in self._values_of(record)} for run in runs
        }

    def cases(self, listed: str) -> dict[str, bool]:
        """Return the cases that hold a value at a listed path, each with whether the source reads it."""
        if listed not in self._cases:
            self._cases[listed] = self._find(listed)
        return self._cases[listed]

    def _find(self, listed: str) -> dict[str, bool]:
        mask = build_mask([parse_listed_path(listed)])
        found: dict[str, bool] = {}
        for case, values in self._values.items():
            for keys, is_read_here in values:
                masked = mask and mask.at(keys)
                if masked and masked.covers_scalars:
                    found[case] = found.get(case, False) or is_read_here
        return found

    def _values_of(self, record: Record) -> Iterator[tuple[tuple[str, ...], bool]]:
        """List the keys of each value, with whether the source reads it."""
        for steps, _ in leaf_steps(record.scope.record):
            inside = is_read(self._reads, "$item", (*record.steps, *steps))
            yield _keys(steps), inside or is_read(self._reads, "", steps)
        for steps, _ in leaf_steps(record.scope.item):
            yield _keys(steps), is_read(self._reads, "$item", steps)


def _keys(steps: Steps) -> tuple[str, ...]:
    return tuple(map(str, steps))
