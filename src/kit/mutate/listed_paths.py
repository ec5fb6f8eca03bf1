"""Says which cases hold values at the paths that secrets and pii list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...core.json_value import Steps
from ...core.mapping.mask import build_mask, parse_listed_path
from ..coverage.coverage import CaseRun
from ..leaves import leaf_steps

_EMPTY: tuple[Any, ...] = (None, "", {}, [])
"""What redaction leaves as it is."""


class ListedPaths:
    """The values in the records of some cases, and in the items around them."""

    def __init__(self, runs: Iterable[CaseRun]) -> None:
        self._cases: dict[Steps, dict[str, None]] = {}
        for run in runs:
            for keys in set(_keys_of_values(run)):
                self._cases.setdefault(keys, {})[run.case] = None

    def cases(self, listed: str) -> set[str]:
        """Return the cases that hold a value at a listed path."""
        mask = build_mask([parse_listed_path(listed)])
        found: set[str] = set()
        for keys, cases in self._cases.items():
            masked = mask and mask.at(map(str, keys))
            if masked and masked.covers_scalars:
                found.update(cases)
        return found


def _keys_of_values(run: CaseRun) -> Iterator[Steps]:
    for record in run.records:
        for value in (record.scope.record, record.scope.item):
            yield from (steps for steps, leaf in leaf_steps(value) if leaf not in _EMPTY)
