"""Applies the waivers of source.json: advice that does not apply to a source, each with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.source_file import SourceFile
from ...core.suggest import suggest
from .finding import ADVICE, Finding
from .subject import Subject


def apply_waivers(subject: Subject, findings: list[Finding]) -> list[Finding]:
    """Return the findings that no waiver covers, and one for each waiver that covers none."""
    waivers: list[dict[str, Any]] = (subject.about.value or {}).get("waive", [])
    left = [finding for finding in findings if not any(_covers(waiver, finding) for waiver in waivers)]
    about = SourceFile("source.json", subject.about.value, subject.about.text)
    for index, waiver in enumerate(waivers):
        if not any(_covers(waiver, finding) for finding in findings):
            _record_unused(about, waiver, index)
    path = subject.source.folder / Path(about.name)
    return left + [Finding.of(problem, "advice", path) for problem in about.problems]


def _covers(waiver: dict[str, Any], finding: Finding) -> bool:
    place, wanted = f"{finding.file}{finding.pointer}", str(waiver.get("at", ""))
    return finding.code == waiver["code"] and (not wanted or f"{place}/".startswith(f"{wanted}/"))


def _record_unused(about: SourceFile, waiver: dict[str, Any], index: int) -> None:
    code = waiver["code"]
    if code in ADVICE:
        reason, advice = f"there is no {code} to waive here", "remove the waiver, or mend its at"
    else:
        reason, advice = f"there is no advice {code!r}", suggest(code, list(ADVICE))
    about.add_problem(("waive", index), "unused-waiver", reason, advice)
