"""What is written to a source folder, whatever happens meanwhile."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from springhead.kit.play.errors import NotWritten
from springhead.kit.play.files import Edit
from springhead.kit.play.workspace import Workspace
from support.playgrounds import MAPPING, acme_folder


def edit(workspace: Workspace, name: str, text: str) -> Edit:
    """An edit of a file as it is on disk."""
    return Edit(text, workspace.files()[name].digest)


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    """A text that cannot be written, here half a surrogate pair, leaves the others as they were."""
    workspace = Workspace(acme_folder(tmp_path), writable=True)
    before = sorted(workspace.folder.iterdir())
    edits = {
        "mapping.json": edit(workspace, "mapping.json", MAPPING.replace("Acme", "ACME")),
        "source.json": edit(workspace, "source.json", "\ud800"),
    }

    with pytest.raises(UnicodeEncodeError):
        workspace.save(edits)

    assert (workspace.folder / "mapping.json").read_text() == MAPPING
    assert sorted(workspace.folder.iterdir()) == before


def test_of_two_saves_at_once_one_is_refused(tmp_path: Path) -> None:
    """The other tab sees what changed."""
    workspace = Workspace(acme_folder(tmp_path), writable=True)
    edits = [{"mapping.json": edit(workspace, "mapping.json", MAPPING + " " * n)} for n in range(1, 9)]

    with ThreadPoolExecutor(len(edits)) as threads:
        errors = [saved.exception() for saved in [threads.submit(workspace.save, some) for some in edits]]

    assert errors.count(None) == 1
    assert {type(error) for error in errors if error} == {NotWritten}


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    """It may have been moved, and lives elsewhere."""
    workspace = Workspace(acme_folder(tmp_path), writable=True)
    shutil.rmtree(workspace.folder)

    with pytest.raises(NotWritten, match="is gone"):
        workspace.save({"mapping.json": Edit(MAPPING, None)})


def test_a_copy_is_whole_or_absent(tmp_path: Path) -> None:
    """So that one can save it again under the same name."""
    workspace = Workspace(acme_folder(tmp_path), writable=False)

    with pytest.raises(UnicodeEncodeError):
        workspace.copy_to(tmp_path / "mine", {"mapping.json": "\ud800"})

    assert not (tmp_path / "mine").exists()
