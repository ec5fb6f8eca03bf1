"""Measures the coverage of a source by its fixtures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ...core.source_file import read_source_file
from ..mapping_file import read_mapping_file
from ..records import Record, read_records
from ..suite import Suite
from ..waivers import Waiver, read_waivers, reason_to_waive
from .point import NOT_RUN, Key, Point
from .points import list_points
from .recorder import Recorder
from .unread import UnreadFinder, UnreadPath


class CaseRun(msgspec.Struct, frozen=True):
    """What one case holds, and the points it runs."""

    case: str
    records: tuple[Record, ...]
    ran: frozenset[Key]


class Coverage(msgspec.Struct, frozen=True):
    """What the fixtures of a source run.

    Attributes:
        source: the name of the source.
        points: all that can be run.
        missed: what no fixture runs; what is inside it is not listed.
        waived: what no fixture can run, each with the reason that source.json gives.
        unused_waivers: the waivers of points that some fixture runs, or that do not exist.
        unread: the paths of records that nothing reads.
        runs: what each case runs.
    """

    source: str
    points: tuple[Point, ...]
    missed: tuple[Point, ...]
    waived: tuple[tuple[Point, str], ...]
    unused_waivers: tuple[Waiver, ...]
    unread: tuple[UnreadPath, ...]
    runs: tuple[CaseRun, ...]

    @property
    def ran(self) -> frozenset[Key]:
        """The keys of what some fixture runs."""
        return frozenset(key for run in self.runs for key in run.ran)

    def counts(self, *kinds: str) -> tuple[int, int]:
        """Count the points of some kinds, or of all, that fixtures run, and those that they should run."""
        waived, ran = {point.key for point, _ in self.waived}, self.ran
        wanted = [x for x in self.points if x.key not in waived and (not kinds or x.kind in kinds)]
        return sum(point.key in ran for point in wanted), len(wanted)

    @property
    def percent(self) -> float:
        """How much of what fixtures should run they run, rounded down to a tenth: 100 means everything."""
        ran, wanted = self.counts()
        return ran * 1000 // wanted / 10 if wanted else 100.0

    def as_json(self) -> dict[str, Any]:
        """Return the coverage as a JSON object."""
        counts = {kind: dict(zip(("run", "of"), self.counts(kind), strict=True)) for kind in _KINDS}
        return {
            "source": self.source,
            "percent": self.percent,
            **{name: counts[kind] for kind, name in _KINDS.items()},
            "not_run": [point.as_json() for point in self.missed],
            "waived": [{**point.as_json(), "reason": reason} for point, reason in self.waived],
            "unused_waivers": [waiver.at for waiver in self.unused_waivers],
            "left_out": [msgspec.structs.asdict(path) for path in self.unread if path.reason],
            "undecided": [{"path": path.path, "case": path.case} for path in self.unread if not path.reason],
        }


_KINDS = {"rule": "rules", "row": "rows", "branch": "branches", "entry": "entries"}


def measure(suite: Suite) -> Coverage:
    """Run all cases of a source.

    Raises:
        SpringheadError: a case cannot be run.
    """
    source, file = suite.source, read_mapping_file(suite.source.folder)
    finder, runs = UnreadFinder(source), []
    for case in suite.cases:
        recorder = Recorder(source.mapper.mapping, file)
        is_refused = suite.host.receive(case.source, case.request(), case.config).refused is not None
        records = () if is_refused else tuple(read_records(source, case))
        finder.add(case.folder.name, _run(suite, recorder, records))
        runs.append(CaseRun(case.folder.name, records, frozenset(recorder.ran)))
    points = list_points(source, file)
    ran = {key for run in runs for key in run.ran}
    waivers = read_waivers(read_source_file(source.folder / "source.json").value)
    missed = [(point, _waived(point, waivers)) for point in points if point.key not in ran]
    waived = tuple((point, reason) for point, reason in missed if reason)
    used = {waiver for waiver in waivers for point, _ in waived if _waived(point, (waiver,))}
    return Coverage(
        source=source.name,
        points=tuple(points),
        missed=tuple(_outermost([point for point, reason in missed if not reason])),
        waived=waived,
        unused_waivers=tuple(w for w in waivers if w.code == NOT_RUN and w not in used),
        unread=tuple(finder.found.values()),
        runs=tuple(runs),
    )


def _run(suite: Suite, recorder: Recorder, records: Iterable[Record]) -> list[Record]:
    """Run the records of a case, and return those that become events."""
    accepts = suite.source.schema.accepts
    arrived = [record for record in records if not recorder.reply(record.scope)]
    return [x for x in arrived if accepts(x.scope.record) and recorder.run(x.scope)]


def _waived(point: Point, waivers: tuple[Waiver, ...]) -> str:
    file, steps, _ = point.key
    return reason_to_waive(waivers, NOT_RUN, file, steps)


def _outermost(missed: list[Point]) -> list[Point]:
    """Leave out what is inside a rule or a row that is not run either."""
    whole = {point.key[:2] for point in missed if point.kind in ("rule", "row")}
    return [point for point in missed if not any(place in whole for place in _around(point))]


def _around(point: Point) -> list[tuple[str, Any]]:
    file, steps, _ = point.key
    return [(file, steps[:count]) for count in range(len(steps))]
