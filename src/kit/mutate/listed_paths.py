"""Says which cases hold values at the paths that secrets and pii list, and whether a source reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ...core.json_value import Steps
from ...core.mapping.mask import build_mask, parse_listed_path
from ...core.source import Source
from ..coverage.coverage import CaseRun
from ..coverage.reads import is_read, list_reads
from ..coverage.records import Record
from ..explain.leaves import leaf_steps

_Value: TypeAlias = tuple[tuple[str, ...], bool]
"""The keys that lead to a value, and whether the source reads it."""


class ListedPaths:
    """The values in the records of some cases, and in the items around them."""

    def __init__(self, source: Source, runs: Iterable[CaseRun]) -> None:
        self._reads = list_reads(source)
        self._cases: dict[_Value, dict[str, None]] = {}
        for run in runs:
            for value in {value for record in run.records for value in self._values_of(record)}:
                self._cases.setdefault(value, {})[run.case] = None

    def cases(self, listed: str) -> dict[str, bool]:
        """Return the cases that hold a value at a listed path, each with whether the source reads it."""
        mask = build_mask([parse_listed_path(listed)])
        found: dict[str, bool] = {}
        for (keys, is_read_here), cases in self._cases.items():
            masked = mask and mask.at(keys)
            if masked and masked.covers_scalars:
                found |= {case: found.get(case, False) or is_read_here for case in cases}
        return found

    def _values_of(self, record: Record) -> Iterator[_Value]:
        """List the keys of each value, with whether the source reads it."""
        for steps, _ in leaf_steps(record.scope.record):
            inside = is_read(self._reads, "$item", (*record.steps, *steps))
            yield _keys(steps), inside or is_read(self._reads, "", steps)
        for steps, _ in leaf_steps(record.scope.item):
            yield _keys(steps), is_read(self._reads, "$item", steps)


def _keys(steps: Steps) -> tuple[str, ...]:
    return tuple(map(str, steps))
