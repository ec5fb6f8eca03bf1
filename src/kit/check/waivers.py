"""Applies the waivers of source.json: advice that does not apply to a source, each with the reason."""

from __future__ import annotations

from pathlib import Path

from ...core.source_file import SourceFile
from ...core.suggest import suggest
from ..coverage.point import NOT_RUN
from ..mutate.mutant import MUTATIONS
from ..waivers import Waiver, read_waivers
from .finding import ADVICE, Finding
from .subject import Subject

_OF_OTHERS = (NOT_RUN, *MUTATIONS)
"""Codes that `springhead coverage` and `springhead mutate` waive."""


def apply_waivers(subject: Subject, findings: list[Finding]) -> list[Finding]:
    """Return the findings that no waiver covers, and one for each waiver that covers none."""
    waivers = read_waivers(subject.about.value)
    left = [finding for finding in findings if not any(_covers(waiver, finding) for waiver in waivers)]
    about = SourceFile("source.json", subject.about.value, subject.about.text)
    for index, waiver in enumerate(waivers):
        is_used = waiver.code in _OF_OTHERS or any(_covers(waiver, finding) for finding in findings)
        if not is_used:
            _record_unused(about, waiver.code, index)
    path = subject.source.folder / Path(about.name)
    return left + [Finding.of(problem, "advice", path) for problem in about.problems]


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return waiver.covers(finding.code, finding.file, finding.pointer)


def _record_unused(about: SourceFile, code: str, index: int) -> None:
    if code in ADVICE:
        reason, advice = f"there is no {code} to waive here", "remove the waiver, or mend its at"
    else:
        reason, advice = f"there is no advice {code!r}", suggest(code, [*ADVICE, *_OF_OTHERS])
    about.add_problem(("waive", index), "unused-waiver", reason, advice)
