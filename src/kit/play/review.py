"""Reviews a source: what `springhead check` finds in it, and what no fixture runs of it."""

from __future__ import annotations

from pathlib import Path

from ...core.codec import Object
from ...core.loader import check_source
from ..case import case_folder, find_cases
from ..check.finding import Finding
from ..check.folder import check_folder
from ..find_source import find_source
from .snapshot import Snapshot
from .uncovered import list_uncovered


def review_source(snapshot: Snapshot, parent: Path) -> Object:
    """Return the findings, and the places in mapping.json that no fixture runs."""
    with snapshot.written(parent) as folder:
        findings = [_finding(finding) for finding in check_folder(folder)]
        if check_source(folder):
            return {"findings": findings, "uncovered": []}
        host, source = find_source(str(folder))
        cases = tuple(find_cases(case_folder(source, folder), source.name))
        return {"findings": findings, "uncovered": list_uncovered(source, cases, host)}


def _finding(finding: Finding) -> Object:
    keys = ("file", "line", "pointer", "code", "severity", "reason", "advice")
    return {key: getattr(finding, key) for key in keys}
