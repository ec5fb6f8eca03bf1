"""What the documents show is true: their commands run, their Python passes, their files load."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from springhead import check_source
from springhead.gateway.settings import Settings, SourceSettings
from springhead.gateway.settings.model import DeliverySettings
from support.commands import springhead
from support.folders import source_folder
from support.markdown import FENCE, Block, blocks
from support.paths import ROOT
from support.servers import free_port

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PORTS = ("8080", "8081", "9090")
"""The default ports, which the documents show. A test uses free ones in their place."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@each_document
def test_every_block_is_of_a_kind_that_is_tested(document: Path) -> None:
    """Only a block without a language, such as a tree of files, is not."""
    languages = {match[1] for match in FENCE.finditer(document.read_text())}

    assert languages <= {"", "console", "sh", "python", "json", "toml"}


@dataclass
class Shell:
    """Runs commands in one folder; what they leave running is killed in the end."""

    folder: Path
    ports: dict[str, str] = field(default_factory=lambda: {port: str(free_port()) for port in PORTS})
    groups: list[int] = field(default_factory=list)

    def run(self, command: str) -> str:
        """Run a command, and return what it prints, with the ports that the document shows."""
        process = subprocess.Popen(
            ["/bin/sh", "-c", replaced(command, self.ports)],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.groups.append(process.pid)
        output, _ = process.communicate()
        return replaced(output, {port: shown for shown, port in self.ports.items()})

    def environment(self) -> dict[str, str]:
        """An environment with `springhead` on its path, and a gateway's ports."""
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
            "SPRINGHEAD_GATEWAY__PORT": self.ports["8080"],
            "SPRINGHEAD_GATEWAY__ADMIN": f"127.0.0.1:{self.ports['8081']}",
        }

    def close(self) -> None:
        """Kill what still runs."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def replaced(text: str, words: dict[str, str]) -> str:
    """A text with whole words replaced."""
    return re.sub(r"\b\d+\b", lambda match: words.get(match[0], match[0]), text)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in a folder that holds the examples."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shell = Shell(tmp_path)
    yield shell
    shell.close()


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    shown = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _, output in (one.partition("\n") for one in shown)]


def pattern(shown: str) -> str:
    """A regular expression of the output shown: `...` stands for anything, alone on a line for any lines."""
    lines = (re.escape(line).replace(r"\.\.\.", ".*") for line in plain(shown).splitlines())
    return "".join(r"(?:.*\n)*" if line == ".*" else rf"{line}\n" for line in lines)


def plain(text: str) -> str:
    """A text with single blanks, whatever the widths of its columns."""
    return "".join(" ".join(line.split()) + "\n" for line in text.splitlines())


@pytest.mark.slow
@each_document
def test_commands_print_what_a_document_shows(document: Path, shell: Shell) -> None:
    """Run in order, in a folder that holds the document's files."""
    if shutil.which("openssl") is None and "$ openssl" in document.read_text():
        pytest.skip("openssl makes the signature of a call")
    for block in blocks(document, "console", "json", "python"):
        if block.file:
            path = shell.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        if block.language == "console":
            for command, shown in commands(block):
                printed = plain(shell.run(command))
                assert re.fullmatch(pattern(shown), printed), f"{command}\n{printed}"


@each_document
def test_shell_commands_exist(document: Path, tmp_path: Path) -> None:
    """Commands that are shown but not run are targets of make, or commands of ours with options they have."""
    for block in blocks(document, "sh"):
        for words in (shlex.split(line, comments=True) for line in block.text.splitlines()):
            if words[0] == "make":
                assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
            elif words[0] == "springhead":
                options = [word for word in words if word.startswith("--")]
                arguments = [word for word in words[1 : 1 + 2] if word.isalpha()]
                help_ = springhead(tmp_path, *arguments, "--help").stdout
                assert f"Usage: springhead {' '.join(arguments)}" in help_
                assert [option for option in options if option not in help_] == []
            else:
                assert words[:2] in (["pip", "install"], ["."], ["."]), words


@pytest.mark.slow
@each_document
def test_the_python_of_a_document_runs(document: Path, tmp_path: Path) -> None:
    """Its blocks, one after another, are a program that passes its own asserts."""
    script = tmp_path / "document.py"
    script.write_text("\n".join(block.text for block in blocks(document, "python") if not block.file))

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@each_document
def test_json_is_json_and_rows_are_rows(document: Path, tmp_path: Path) -> None:
    """A block that is not a file is one row of a mapping, or one a line."""
    rows = [row for block in blocks(document, "json") if not block.file for row in json_documents(block.text)]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "map": rows}

    assert check_source(source_folder(tmp_path, mapping=mapping, event_names={})) == []


def json_documents(text: str) -> list[Any]:
    """One JSON document, or one on each line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


@each_document
def test_toml_is_toml_and_settings_are_settings(document: Path) -> None:
    """A block is a pyproject.toml, or has keys that the gateway's settings have."""
    for block in blocks(document, "toml"):
        table = tomllib.loads(block.text)
        if "build-system" not in table:
            assert table.keys() <= Settings.model_fields.keys()
            assert {
                key for source in table.get("source", []) for key in source
            } <= SourceSettings.model_fields.keys()
            assert table.get("delivery", {}).keys() <= DeliverySettings.model_fields.keys()


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link names a file that is there."""
    others = [ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *ROOT.glob("src/sources/*/README.md")]
    documents = [*DOCUMENTS, *others]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    ]

    assert links
    assert [(str(path), target) for path, target in links if not (path.parent / target).exists()] == []
