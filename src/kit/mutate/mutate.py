"""Finds the mutants of a source that no fixture notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ...core.json_value import Steps, pointer
from ...core.source_file import SourceFile, read_source_file
from ..coverage.coverage import measure
from ..suite import Suite
from ..waivers import read_waivers
from .case_order import CaseOrder
from .file_mutants import schema_mutants, source_mutants, table_mutants
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
        fixture = {"like": self.nearest, "with": mutant.record}
        return {
            "code": mutant.code,
            **place,
            "change": mutant.change,
            "fixture": fixture,
            "waived": self.reason,
        }

    def __str__(self) -> str:
        mutant = self.mutant
        place = f"{mutant.file}:{self.line} {pointer(*mutant.steps)}"
        like = f"a fixture like {self.nearest}" if self.nearest else "a fixture"
        problem = f"{mutant.change}, every fixture comes out the same"
        return f"{place}: {problem} [{mutant.code}] - add {like}, with {mutant.record}"


class Mutation:
    """The mutants of a source, and the cases that may notice them.

    Attributes:
        source: the name of the source.
        mutants: all its mutants.
        unused_waivers: the waivers that have covered no mutant so far.
    """

    def __init__(self, suite: Suite) -> None:
        """Raises SpringheadError if a case cannot be run."""
        paths = sorted(suite.source.folder.glob("[!.]*.json"))
        self._files = {path.name: read_source_file(path) for path in paths}
        self._suite = suite
        self._order = CaseOrder(suite.source, measure(suite).runs)
        self._waivers = [w for w in read_waivers(self._files["source.json"].value) if w.code in MUTATIONS]
        self.source: str = suite.source.name
        self.mutants = [mutant for file in self._files.values() for mutant in _mutants(file)]
        self.unused_waivers = list(self._waivers)

    def verdicts(self) -> Iterator[Verdict | None]:
        """Run the mutants one by one; None is one that says nothing.

        It cannot be loaded, is a part of what no fixture notices either, or is a path listed for safety.

        Raises:
            SpringheadError: a case is not as expected.
        """
        unneeded: set[tuple[str, Steps]] = set()
        with mutant_runner(self._suite) as runner:
            for mutant in self.mutants:
                if _is_part(mutant, unneeded):
                    yield None
                    continue
                likely = self._order.likely(mutant)
                noticed_by = runner.noticed_by(mutant, [*likely, *self._order.others(mutant, likely)])
                if noticed_by == "" and mutant.listed and likely and not runner.masks(mutant.listed, likely):
                    noticed_by = None  # no event has what is at this path: it is listed for safety
                if noticed_by == "" and mutant.code.startswith("remove-"):
                    unneeded.add((mutant.file, mutant.steps))
                yield None if noticed_by is None else self._verdict(mutant, noticed_by, likely)

    def _verdict(self, mutant: Mutant, noticed_by: str, likely: list[str]) -> Verdict:
        place = pointer(*mutant.steps)
        line = self._files[mutant.file].line(place)
        if noticed_by:
            return Verdict(mutant, line, noticed_by)
        waivers = [waiver for waiver in self._waivers if waiver.covers(mutant.code, mutant.file, place)]
        self.unused_waivers = [waiver for waiver in self.unused_waivers if waiver not in waivers]
        reason = waivers[0].reason if waivers else ""
        return Verdict(mutant, line, "", self._order.nearest(mutant, likely), reason)


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


def _is_part(mutant: Mutant, unneeded: set[tuple[str, Steps]]) -> bool:
    """Whether what a mutant changes is a part of what can be removed without any fixture noticing."""
    steps = mutant.steps
    return any((mutant.file, steps[:length]) in unneeded for length in range(len(steps) + 1))
