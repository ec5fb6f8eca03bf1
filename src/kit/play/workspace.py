"""A source folder that is open on the page: what is on disk, and what is written there."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Lock

from ...core.source_file import read_source_file
from ..case import fixtures_folder
from ..new.write import is_name
from .errors import NotWritten
from .files import DiskFile, Edit, is_unchanged, read_file, write_files
from .fixtures import Fixtures
from .snapshot import Snapshot, TriedRequest, is_file_name

_FIRST = ("mapping.json", "schema.json", "source.json")


class Workspace:
    """A source folder.

    Attributes:
        folder: the folder, without links on the way to it.
        writable: whether its files may be written; those of an installed source may not.
    """

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self.folder = folder.resolve()
        self.writable = writable
        self._lock = Lock()

    @property
    def fixtures(self) -> Fixtures:
        """Its fixtures, also while the source does not load."""
        about = read_source_file(self.folder / "source.json").value or {}
        name = str(about.get("name", ""))
        return Fixtures(fixtures_folder(self.folder, name if is_name(name) else self.folder.name, self.folder))

    def files(self) -> dict[str, DiskFile]:
        """Read the JSON files, those every source has first."""
        names = [path.name for path in self.folder.glob("*.json") if is_file_name(path.name)]
        names.sort(key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
        files = {name: read_file(self.folder / name) for name in names}
        return {name: file for name, file in files.items() if file is not None}

    def snapshot(self, files: dict[str, str], request: TriedRequest) -> Snapshot:
        """Return these texts as a source called as the folder, with the fixtures and the README.md on disk."""
        fixtures, readme = self.fixtures.folder, self.folder / "README.md"
        return Snapshot(files, request, self.folder.name, str(fixtures), str(readme))

    def save(self, edits: dict[str, Edit]) -> None:
        """Write files, or none of them.

        Raises:
            NotWritten: they may not be written, or a file has changed on disk.
            OSError: a file cannot be written.
        """
        self.check_writable()
        with self._lock:  # two tabs may save at once
            changed = tuple(name for name, edit in edits.items() if not is_unchanged(self.folder / name, edit))
            if changed:
                raise NotWritten(f"{', '.join(changed)} changed on disk meanwhile", changed)
            write_files(self.folder, {name: edit.text for name, edit in edits.items()})

    def check_writable(self) -> None:
        """Check that files may be written to the folder.

        Raises:
            NotWritten: the source is installed, or its folder is gone.
        """
        if not self.writable:
            raise NotWritten("an installed source is not changed: save a copy of it")
        if not self.folder.is_dir():
            raise NotWritten(f"the folder {self.folder} is gone")

    def copy_to(self, folder: Path, files: dict[str, str]) -> None:
        """Write these files to a new folder, with the README.md and the fixtures of this one.

        Raises:
            NotWritten: the folder exists.
            OSError: a file cannot be written.
        """
        if folder.exists():
            raise NotWritten(f"{folder.name} exists, and nothing is overwritten")
        folder.mkdir()
        try:
            self._copy_into(folder, files)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _copy_into(self, folder: Path, files: dict[str, str]) -> None:
        readme = read_file(self.folder / "README.md")
        write_files(folder, {**files, **({"README.md": readme.text} if readme else {})})
        theirs, ours = Workspace(folder, writable=True).fixtures.folder, self.fixtures.folder
        if ours.is_dir() and not theirs.exists():
            shutil.copytree(ours, theirs)
