"""Finds the sources that can be opened: those of a project, and those that are installed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from ...core.host import Host
from ..case import project_of
from ..find_source import find_source
from .workspace import Workspace

_SKIPPED = {"node_modules", "site-packages", "venv", "build", "dist", "fixtures"}
_MAX_DEPTH, _MAX_FOLDERS, _MAX_SOURCES = 5, 5_000, 100


def open_source(name: str, nearby: Path) -> Workspace:
    """Open one source: by the path of its folder, to write it, or by its name.

    Raises:
        UnknownSource: nothing is called this.
    """
    folder = nearby / name
    if any((folder / file).is_file() for file in ("source.json", "mapping.json")):  # it need not load
        return Workspace(folder, writable=True)
    _, source = find_source(name)
    return Workspace(source.folder, writable=_is_of_project(source.folder, nearby))


def find_workspaces(nearby: Path) -> dict[str, Workspace]:
    """Find the source folders at or below a folder by their paths, and the installed sources by their names."""
    workspaces = {
        str(path.relative_to(nearby)): Workspace(path, writable=True)
        for path in islice(_source_folders(nearby), _MAX_SOURCES)
    }
    folders = {workspace.folder for workspace in workspaces.values()}
    for name, source in sorted(Host().sources.items()):
        if source.folder.resolve() not in folders:
            writable = _is_of_project(source.folder, nearby)
            workspaces.setdefault(name, Workspace(source.folder, writable=writable))
    return workspaces


def only_writable(sources: Mapping[str, Workspace]) -> str | None:
    """Name the only source that may be written; None if there is none, or several."""
    names = [name for name, workspace in sources.items() if workspace.writable]
    return names[0] if len(names) == 1 else None


def _source_folders(top: Path) -> Iterator[Path]:
    for path, folders, files in islice(os.walk(top), _MAX_FOLDERS):
        depth = len(Path(path).relative_to(top).parts)
        folders[:] = sorted(
            name for name in folders if name[0] not in "._" and name not in _SKIPPED and depth < _MAX_DEPTH
        )
        if "source.json" in files and "mapping.json" in files:
            yield Path(path)


def _is_of_project(folder: Path, nearby: Path) -> bool:
    """Whether a folder is of the project that is worked on, and no package installed there."""
    project = project_of(nearby) or nearby.resolve()
    return folder.resolve().is_relative_to(project) and "site-packages" not in folder.resolve().parts
