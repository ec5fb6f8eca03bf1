"""Finds the paths of records that a source never reads, and tells those left out on purpose from the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ...core.json_value import Steps
from ...core.mapping.mask import Mask, build_mask, parse_listed_path
from ...core.source import Source
from ...core.source_file import read_source_file
from ..explain.leaves import leaf_steps
from .reads import is_read, list_reads
from .records import Record


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
    """An entry of `unmapped` in source.json: a path that is left out with all that is below, and why."""

    path: str
    reason: str
    root: str
    mask: Mask | None

    def covers(self, root: str, steps: Steps) -> bool:
        """Whether what these steps lead to is left out on purpose. Lists need no step."""
        keys = [str(step) for step in steps if not isinstance(step, int)]
        found = self.mask.at(keys) if self.mask and root == self.root else None
        return found is not None and found.covers_all


def read_unmapped(source: Source) -> list[Unmapped]:
    """Read the entries of a source that loads."""
    about = read_source_file(source.folder / "source.json").value or {}
    paths = [(parse_listed_path(text), reason) for text, reason in about.get("unmapped", {}).items()]
    return [Unmapped(path.text, reason, path.root, build_mask([path])) for path, reason in paths]


class UnreadFinder:
    """Collects what is not read, case by case."""

    def __init__(self, source: Source) -> None:
        self._reads = list_reads(source)
        self._unmapped = read_unmapped(source)
        self._read: dict[tuple[str, Steps], bool] = {}
        self.found: dict[str, UnreadPath] = {}

    def add(self, case: str, records: Iterable[Record]) -> None:
        """Add the records of a case that became events."""
        for record in records:
            for root, steps in self._values(record):
                path = _text(root, steps)
                if path not in self.found:
                    entries = (entry.reason for entry in self._unmapped if entry.covers(root, steps))
                    self.found[path] = UnreadPath(path, case, next(entries, ""))

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
        known = self._read.get((".".join(map(str, above)), steps))
        if known is None:
            known = is_read(self._reads, "", steps) or is_read(self._reads, "$item", (*above, *steps))
            self._read[".".join(map(str, above)), steps] = known
        return known


def _counts(value: Any, steps: Steps) -> bool:
    """Whether there is something to be read at these steps."""
    return bool(steps) and value is not None and value not in ("", {}, [])


def _text(root: str, steps: Steps) -> str:
    keys = ["*" if isinstance(step, int) else step for step in steps]
    return ".".join([root, *keys] if root else keys)
