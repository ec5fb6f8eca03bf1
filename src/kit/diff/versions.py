"""Opens the two versions of a source that are compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from ...core.errors import InvalidRevision, UnknownSource
from ...core.host import Host
from ...core.source import Source
from ...core.source_file import read_source_file
from ..case import Case, case_folder, find_cases
from ..find_source import find_source
from .revision import extract, find_repository

_FOR_AUTHORS = frozenset({"$schema", "sample", "version", "waive"})


class Version(msgspec.Struct, frozen=True):
    """One version of a source: the source, its fixtures, and a host that runs it without plugins."""

    source: Source
    cases: tuple[Case, ...]
    host: Host

    def files(self) -> dict[str, Any]:
        """Return what its JSON files hold by their names, without what only says something to authors."""
        files = {path.name: read_source_file(path).value for path in self.source.folder.glob("*.json")}
        about = files["source.json"] or {}
        return {**files, "source.json": {key: value for key, value in about.items() if key not in _FOR_AUTHORS}}

    def framing(self) -> dict[str, Any]:
        """Return what says which items are found in a body."""
        about = read_source_file(self.source.folder / "source.json").value or {}
        return {key: about[key] for key in ("formats", "batch", "items") if about.get(key)}


def new_version(source: Source, nearby: Path) -> Version:
    """Open the version of a source that is in its folder; `nearby` as for `case_folder`."""
    return _open(source.folder, case_folder(source, nearby))


@contextmanager
def old_version(against: str, source: Source, nearby: Path) -> Iterator[Version]:
    """Open the version that a source is compared with: of a folder, or of a revision of the source's own.

    Args:
        against: a folder's path, else a git revision.
        source: the source as it is now.
        nearby: as for `case_folder`.

    Raises:
        InvalidRevision: there is no such revision, or it does not have the source.
        UnknownSource: the folder does not load.
    """
    if not against:
        raise InvalidRevision('""', "is neither a folder nor a revision")
    with TemporaryDirectory(prefix="springhead-") as temporary:
        copies = Path(temporary)
        if Path(against).is_dir():
            yield _copied(Path(against).absolute(), copies / source.folder.resolve().name, nearby)
        else:
            yield _extracted(against, source, copies, nearby)


def _copied(folder: Path, copy: Path, nearby: Path) -> Version:
    """Copy a version, so that both are called alike even if they are called after their folders."""
    _, old = find_source(str(folder))
    copy.mkdir()
    for file in folder.glob("*.json"):
        shutil.copy(file, copy)
    return _open(copy, case_folder(old, nearby))


def _extracted(revision: str, source: Source, copies: Path, nearby: Path) -> Version:
    folder, cases = source.folder.resolve(), case_folder(source, nearby).resolve()
    repository = find_repository(folder, revision).resolve()
    copy = copies / repository.name  # which may be the source's folder
    place = folder.relative_to(repository)
    cases_place = cases.relative_to(repository) if cases.is_relative_to(repository) else place / "fixtures"
    extract(repository, revision, (place, cases_place), copy)
    if not (copy / place / "source.json").is_file():
        reason = f"does not have the source {folder.name}: there is nothing to compare"
        raise InvalidRevision(revision, reason)
    try:
        return _open(copy / place, copy / cases_place)
    except UnknownSource as error:
        problems = error.advice.replace(f"{copies}/", "")
        raise InvalidRevision(revision, f"has a source that does not load: {problems}") from None


def _open(folder: Path, cases: Path) -> Version:
    host, source = find_source(str(folder.absolute()))
    return Version(source, tuple(find_cases(cases, source.name)), host)
