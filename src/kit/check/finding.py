"""What `springhead check` reports of a source folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from ...core.source_file import Problem

ADVICE = (
    *("unknown-path", "unseen-path", "impossible-path", "impossible-match"),
    *("wrong-function", "no-result", "unknown-target", "wrong-target", "missing-target", "not-a-time"),
    *("never-wins", "unreachable-rule", "untested-rule"),
    *("setting-types", "setting-name", "unused-table"),
    *("unknown-keyword", "unknown-required", "no-type", "format-ignored", "no-effect", "refused-fixtures"),
    *("no-fixtures", "bad-fixture", "unlisted-secret", "secret-in-fixture", "person-in-fixture"),
    *("readme-section", "no-time", "unsigned", "unused-unmapped", "unused-waiver"),
)
"""The codes of advice. They stay the same from release to release, because waivers name them."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One thing to mend in a source folder.

    Attributes:
        file: its name in the folder, or `fixtures/CASE/NAME`.
        line, pointer: where it stands in the file.
        code: what kind of finding it is, for scripts and waivers.
        severity: an error keeps the folder from loading, advice does not.
        reason, advice: what is wrong, and what to do.
        path: the path of the file.
    """

    file: str
    line: int
    pointer: str
    code: str
    severity: Literal["error", "advice"]
    reason: str
    advice: str
    path: Path

    @classmethod
    def of(cls, problem: Problem, severity: Literal["error", "advice"], path: Path) -> Finding:
        """Make a finding of a problem with the file at this path."""
        place = (problem.file, problem.line, problem.pointer)
        return cls(*place, problem.rule, severity, problem.reason, problem.advice, path)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object, whose `file` is the path of the file."""
        keys = ("severity", "code", "line", "pointer", "reason", "advice")
        return {"file": str(self.path), **{key: getattr(self, key) for key in keys}}

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" + (f" {self.pointer}" if self.pointer else "")
        text = f"{place}: {self.reason} [{self.code}]" + (f" - {self.advice}" if self.advice else "")
        return text if self.severity == "error" else f"advice: {text}"
