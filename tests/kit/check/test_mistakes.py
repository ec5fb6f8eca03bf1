"""What `springhead check` says of mistakes that authors make, each made in a source that is sound."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from springhead.kit.check import Finding, check_folders
from support.hosts import HOST
from support.paths import FIXTURES

SOUND = FIXTURES / "mistakes" / "sound"
MISTAKES: list[dict[str, str]] = json.loads((FIXTURES / "mistakes" / "mistakes.json").read_bytes())


def findings(folder: Path) -> list[Finding]:
    """What is found in a folder."""
    (checked,) = check_folders(HOST, [str(folder)])
    return list(checked.findings)


def test_nothing_is_said_of_the_sound_source(tmp_path: Path) -> None:
    """So what is said of a mistake is said because of it."""
    assert findings(Path(shutil.copytree(SOUND, tmp_path / "acme"))) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["mistake"])
def test_a_mistake_is_found_where_it_was_made(mistake: dict[str, str], tmp_path: Path) -> None:
    """Or it is known why it cannot be found."""
    folder = Path(shutil.copytree(SOUND, tmp_path / "acme"))
    file = folder / mistake["file"]
    file.write_text(file.read_text().replace(mistake["find"], mistake["put"]))

    found = [(finding.code, f"{finding.file}{finding.pointer}") for finding in findings(folder)]

    if "why_not" in mistake:
        assert found == []
    else:
        assert (mistake["code"], mistake["at"]) in found
