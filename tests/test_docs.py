"""What the documents show is true: their files load, their commands run, their Python passes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "200",
}


def blocks(document: Path) -> list[tuple[str, str, str]]:
    """The fenced blocks of a document: language, file name, text."""
    return [match.groups(default="") for match in BLOCK.finditer(document.read_text())]  # type: ignore[misc] # three groups


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    shown = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _, output in (one.partition("\n") for one in shown)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_a_document_print_what_it_shows(document: Path, tmp_path: Path) -> None:
    """Run in order, in a folder that holds the document's files; `...` stands for anything."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for language, name, text in blocks(document):
        if name:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        for command, shown in commands(text) if language == "console" else ():
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=tmp_path,
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                check=False,
            )
            printed = "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines())
            wanted = re.escape("\n".join(line.rstrip() for line in shown.splitlines())).replace(r"\.\.\.", ".*")
            assert re.fullmatch(wanted, printed), f"{command}\n{printed}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_python_of_a_document_runs(document: Path, tmp_path: Path) -> None:
    """The Python blocks of a document, one after another, are a program that passes its own asserts."""
    code = "\n".join(text for language, _, text in blocks(document) if language == "python")
    script = tmp_path / "document.py"
    script.write_text(code)

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link names a file that is there."""
    documents = [
        *DOCUMENTS,
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *ROOT.glob("src/sources/*/README.md"),
    ]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    ]

    assert links
    assert [
        (str(document), target) for document, target in links if not (document.parent / target).exists()
    ] == []


def test_make_demo_shows_the_three_kinds_of_event() -> None:
    """The README's first command, in the environment that runs the tests."""
    installed = Path(sys.prefix) / ".installed"
    command = ["make", "--silent", f"VENV={sys.prefix}", "--old-file", str(installed), "demo"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert re.findall(r'"type": "(\w+)"', done.stdout) == ["identify", "track", "group"]
    assert "an invented password" not in done.stdout
    assert "3 events (1 identify, 1 track, 1 group), 0 rejected, 0 dropped" in done.stderr
