"""Checks source folders, by the name of an active source or by path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ...core.errors import UnknownSource
from ...core.host import Host
from ...core.loader import check_source
from ...core.suggest import suggest
from . import (
    conditions,
    documents,
    functions,
    mapping_paths,
    precedence,
    privacy,
    results,
    rules,
    schema_words,
    settings,
    source_paths,
    tables,
    targets,
    unlisted,
    unmapped,
)
from .finding import Finding
from .subject import Subject, read_subject
from .waivers import apply_waivers

_CHECKS: tuple[Callable[[Subject], None], ...] = (
    source_paths.check,
    mapping_paths.check,
    targets.check,
    functions.check,
    results.check,
    precedence.check,
    conditions.check,
    rules.check,
    settings.check,
    tables.check,
    schema_words.check,
    privacy.check,
    unlisted.check,
    unmapped.check,
    documents.check,
)


class CheckedFolder(msgspec.Struct, frozen=True):
    """A source folder, under the name it was asked for, and what was found in it."""

    name: str
    folder: Path
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        """Whether the folder cannot be loaded."""
        return any(finding.severity == "error" for finding in self.findings)


def check_folders(host: Host, names: Sequence[str] = ()) -> list[CheckedFolder]:
    """Check the folders with these names or paths, or those of all active sources if none is given.

    Raises:
        UnknownSource: a name is neither that of an active source nor the path of a folder.
    """
    folders = {name: source.folder for name, source in sorted(host.sources.items())}
    checked = {name: _folder(name, folders) for name in names} or folders
    return [CheckedFolder(name, folder, tuple(check_folder(folder))) for name, folder in checked.items()]


def check_folder(folder: Path) -> list[Finding]:
    """Find what keeps a folder from loading, or if it loads, what is likely a mistake."""
    if problems := check_source(folder):
        return [Finding.of(problem, "error", folder / problem.file) for problem in problems]
    subject = read_subject(folder)
    for check in _CHECKS:
        check(subject)
    return sorted(apply_waivers(subject, subject.advice()))


def _folder(name: str, active: dict[str, Path]) -> Path:
    folder = Path(name)
    if not (folder / "source.json").exists():
        folder = active.get(name, folder)
    if not folder.is_dir():
        raise UnknownSource(name, f"{suggest(name, list(active))} (or give the path of a source folder)")
    return folder
