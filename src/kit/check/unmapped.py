"""Finds paths in `unmapped` that leave nothing out: no fixture has a value there, or the source reads it."""

from __future__ import annotations

from ...core.mapping.interpret import Scope
from ..coverage.unread import UnreadFinder
from ..records import Record
from .subject import Subject


def check(subject: Subject) -> None:
    """Record such paths."""
    if not subject.samples.show_records:
        return
    finder = UnreadFinder(subject.source)
    finder.add("", (_record(subject, scope) for scope in subject.samples.accepted))
    for entry in finder.unmapped:
        if entry not in finder.used:
            reason = f"no fixture has a value at {entry.path.text} that nothing reads"
            advice = "correct the path, or remove it"
            subject.about.add_problem(entry.steps, "unused-unmapped", reason, advice)


def _record(subject: Subject, scope: Scope) -> Record:
    _, steps = subject.source.unwrap(scope.item) or (None, ())
    return Record(scope, steps)
