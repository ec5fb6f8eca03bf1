"""Reviews a source: what `springhead check` finds in it, and the rows that no fixture runs."""

from __future__ import annotations

from pathlib import Path

from ...core.codec import Object
from ...core.loader import check_source
from ..check.finding import Finding
from ..check.folder import check_folder
from ..check.subject import read_subject
from .snapshot import Snapshot
from .uncovered import uncovered_rows


def review_source(snapshot: Snapshot, parent: Path) -> Object:
    """Return the findings, and the pointers to the rows of mapping.json that no fixture runs."""
    with snapshot.written(parent) as folder:
        findings = [_finding(finding) for finding in check_folder(folder)]
        if check_source(folder):
            return {"findings": findings, "uncovered": []}
        return {"findings": findings, "uncovered": uncovered_rows(read_subject(folder))}


def _finding(finding: Finding) -> Object:
    keys = ("file", "line", "pointer", "code", "severity", "reason", "advice")
    return {key: getattr(finding, key) for key in keys}
