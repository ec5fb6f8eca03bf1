"""Reviews a source: what `springhead check` finds in it, which fixtures fail, and what none of them runs."""

from __future__ import annotations

from pathlib import Path

from ...core.codec import Object
from ...core.loader import check_source
from ..case import case_folder, find_cases
from ..check.finding import Finding
from ..check.folder import check_folder
from ..find_source import find_source
from ..suite import Suite
from .failing import list_failing
from .snapshot import Snapshot
from .uncovered import list_uncovered


def review_source(snapshot: Snapshot, parent: Path) -> Object:
    """Return the findings, the fixtures that fail, and the places that no fixture runs."""
    with snapshot.written(parent) as folder:
        findings = [_finding(finding) for finding in check_folder(folder)]
        if check_source(folder):
            return {"findings": findings, "failing": [], "uncovered": []}
        (host, source), (restarted, _) = find_source(str(folder)), find_source(str(folder))
        cases = tuple(find_cases(case_folder(source, folder), source.name))
        suite = Suite(source, cases, host, restarted)
        return {
            "findings": findings,
            "failing": list_failing(suite, folder),
            "uncovered": list_uncovered(suite),
        }


def _finding(finding: Finding) -> Object:
    keys = ("file", "line", "pointer", "code", "severity", "reason", "advice")
    return {key: getattr(finding, key) for key in keys}
