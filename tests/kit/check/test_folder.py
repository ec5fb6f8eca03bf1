"""Checking source folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from springhead import UnknownSource
from springhead.kit.case import Case, find_cases
from springhead.kit.check import check_folders
from springhead.kit.check.finding import ADVICE
from support.folders import source_folder
from support.hosts import HOST, folder_host
from support.paths import FIXTURES

EXAMPLES = find_cases(FIXTURES / "mapping" / "valid", "valid")


def test_a_folder_is_checked_by_its_path(tmp_path: Path) -> None:
    """It need not be installed; what keeps it from loading is listed."""
    folder = source_folder(tmp_path, source={"unrap": []})

    (checked,) = check_folders(HOST, [str(folder)])

    assert (checked.name, checked.folder) == (str(folder), folder)
    assert [(finding.severity, finding.code) for finding in checked.findings] == [("error", "unknown-key")]


def test_a_source_is_checked_by_its_name() -> None:
    """The folder is that of the active source."""
    (checked,) = check_folders(HOST, ["auth0"])

    assert (checked.name, checked.folder) == ("auth0", HOST.sources["auth0"].folder)


def test_a_folder_takes_precedence_over_the_source_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does for all commands of an author."""
    source_folder(tmp_path, source={"name": "auth0"}).rename(tmp_path / "auth0")
    monkeypatch.chdir(tmp_path)

    (checked,) = check_folders(HOST, ["auth0"])

    assert checked.folder.resolve() == (tmp_path / "auth0").resolve()


def test_without_names_all_active_sources_are_checked() -> None:
    """There is nothing to say of what is bundled, not even advice."""
    checked = check_folders(HOST)

    assert [folder.name for folder in checked] == sorted(HOST.sources)
    assert [str(finding) for folder in checked for finding in folder.findings] == []


def test_a_name_of_nothing_is_the_callers_mistake() -> None:
    """The advice is the nearest name, or a path."""
    with pytest.raises(UnknownSource) as error:
        check_folders(HOST, ["auht0"])

    assert str(error.value) == (
        "no active source 'auht0': did you mean auth0? (or give the path of a source folder)"
    )


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: case.name)
def test_every_word_of_the_language_can_be_checked(case: Case, tmp_path: Path) -> None:
    """What loads has no errors, and each example of the language is a fixture of its own source."""
    folder = source_folder(tmp_path, case.folder)
    shutil.copytree(case.folder, folder / "fixtures" / "case")

    (checked,) = check_folders(folder_host(folder), [str(folder)])

    assert not checked.has_errors
    assert {finding.code for finding in checked.findings} <= set(ADVICE)
