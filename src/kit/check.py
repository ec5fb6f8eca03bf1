"""Checks source folders, by the name of an active source or by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..core.errors import UnknownSource
from ..core.host import Host
from ..core.loader import check_source
from ..core.source_file import Problem
from ..core.suggest import suggest
from .warnings import find_warnings


class CheckedFolder(msgspec.Struct, frozen=True):
    """A source folder, under the name it was asked for, and its problems; or if it has none, its warnings."""

    name: str
    folder: Path
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def check_folders(host: Host, names: Sequence[str] = ()) -> list[CheckedFolder]:
    """Check the folders with these names or paths, or those of all active sources if none is given.

    Raises:
        UnknownSource: a name is neither that of an active source nor the path of a folder.
    """
    folders = {name: source.folder for name, source in sorted(host.sources.items())}
    checked = {name: _folder(name, folders) for name in names} or folders
    return [_check(name, folder) for name, folder in checked.items()]


def _check(name: str, folder: Path) -> CheckedFolder:
    problems = check_source(folder)
    warnings = [] if problems else find_warnings(folder)
    return CheckedFolder(name, folder, tuple(problems), tuple(warnings))


def _folder(name: str, active: dict[str, Path]) -> Path:
    folder = active.get(name, Path(name))
    if not folder.is_dir():
        raise UnknownSource(name, f"{suggest(name, list(active))} (or give the path of a source folder)")
    return folder
