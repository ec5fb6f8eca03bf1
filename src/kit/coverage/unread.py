"""Finds the paths of records that a source never reads, and tells those left out on purpose from the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ...core.json_value import Steps
from ...core.mapping.mask import Mask, build_mask, parse_listed_path
from ...core.mapping.path import Path
from ...core.source import Source
from ...core.source_file import read_source_file
from ..leaves import leaf_steps
from ..records import Record
from .reads import is_read, list_reads


class UnreadPath(msgspec.Struct, frozen=True):
    """A path of records that neither a row, a condition nor the id reads.

    Attributes:
        path: the path; `*` stands for the elements of a list.
        case: the first case with a value there.
        reason: why it is left out, as `unmapped` in source.json says; `""` if nobody decided.
    """

    path: str
    case: str
    reason: str = ""


class Unmapped(msgspec.Struct, frozen=True):
    """A path that `unmapped` in source.json leaves out, with all that is below, and why.

    `steps` lead to it in source.json.
    """

    path: Path
    reason: str
    steps: Steps
    mask: Mask | None

    def covers(self, root: str, steps: Steps) -> bool:
        """Whether it leaves out what these steps lead to. Lists need no step."""
        keys = [str(step) for step in steps if not isinstance(step, int)]
        found = self.mask.at(keys) if self.mask and root == self.path.root else None
        return found is not None and found.covers_all


def read_unmapped(about: dict[str, Any]) -> list[Unmapped]:
    """Read the paths that a source.json leaves out, which loads."""
    return [
        Unmapped(
            path := parse_listed_path(text), entry["reason"], ("unmapped", i, "paths", j), build_mask([path])
        )
        for i, entry in enumerate(about.get("unmapped", ()))
        for j, text in enumerate(entry["paths"])
    ]


class UnreadFinder:
    """Collects what is not read, case by case.

    Attributes:
        unmapped: the paths that are left out on purpose.
        used: those of them at which there was something to leave out.
        found: what is not read, by path.
    """

    def __init__(self, source: Source) -> None:
        about = read_source_file(source.folder / "source.json").value or {}
        self.unmapped = read_unmapped(about)
        self.used: list[Unmapped] = []
        self.found: dict[str, UnreadPath] = {}
        self._reads = list_reads(source)
        self._read: dict[tuple[Steps, Steps], bool] = {}

    def add(self, case: str, records: Iterable[Record]) -> None:
        """Add the records of a case that became events."""
        for record in records:
            for root, steps in self._values(record):
                path = _text(root, steps)
                if path not in self.found:
                    entries = [entry for entry in self.unmapped if entry.covers(root, steps)][:1]
                    self.used += entries
                    self.found[path] = UnreadPath(path, case, entries[0].reason if entries else "")

    def _values(self, record: Record) -> Iterator[tuple[str, Steps]]:
        """List the steps to the values of a record, and of the item around it, that are not read."""
        for steps, value in leaf_steps(record.scope.record):
            if _counts(value, steps) and not self._is_read(steps, record.steps):
                yield "", steps
        for steps, value in leaf_steps(record.scope.item):
            inside = steps[: len(record.steps)] == record.steps
            if _counts(value, steps) and not inside and not is_read(self._reads, "$item", steps):
                yield "$item", steps

    def _is_read(self, steps: Steps, above: Steps) -> bool:
        """Whether what these steps of a record lead to is read; `above` lead from the item to the record."""
        known = self._read.get((above, steps))
        if known is None:
            known = is_read(self._reads, "", steps) or is_read(self._reads, "$item", (*above, *steps))
            self._read[above, steps] = known
        return known


def _counts(value: Any, steps: Steps) -> bool:
    """Whether there is something to be read at these steps."""
    return bool(steps) and value is not None and value not in ("", {}, [])


def _text(root: str, steps: Steps) -> str:
    keys = ["*" if isinstance(step, int) else step for step in steps]
    return ".".join([root, *keys] if root else keys)
