"""Builds an image of a Dockerfile in a folder, which stands for its root, and runs what the image runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$")
_OPTION = re.compile(r"^--([\w-]+)=(\S+)\s+")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its options, and the rest of it."""

    name: str
    options: dict[str, str]
    value: str

    @property
    def words(self) -> list[str]:
        """What an array in it holds."""
        words: list[str] = json.loads(self.value[self.value.index("[") :])
        return words


@dataclass
class Image:
    """An image in the making: a folder for its root, and the environment of its processes."""

    root: Path
    context: Path
    folder: str = "/"
    environment: dict[str, str] = field(default_factory=dict)

    def path(self, path: str) -> Path:
        """Where a path of the image is."""
        return self.root / os.path.join(self.folder, path).lstrip("/")  # noqa: PTH118 - an absolute path wins

    def build(self, instructions: list[Instruction], **environment: str) -> None:
        """Copy, run and set what the instructions say; the stages share one root."""
        for instruction in instructions:
            match instruction.name:
                case "COPY" if "from" not in instruction.options:
                    self._copy(*instruction.value.split())
                case "RUN":
                    self.run(["/bin/sh", "-ec", instruction.value], **environment)
                case "ENV":
                    name, _, value = instruction.value.partition("=")
                    self.environment[name] = value.replace("$PATH", os.environ["PATH"])
                case "WORKDIR":
                    self.folder = instruction.value
                    self.path(".").mkdir(parents=True, exist_ok=True)

    def run(self, words: list[str], **environment: str) -> None:
        """Run a command to its end."""
        done = subprocess.run(
            self.command(words), **self.options(environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self, words: list[str]) -> list[str]:
        """A command with the image's paths in this machine's folder."""
        return [self.rooted(word) for word in words]

    def options(self, environment: dict[str, str]) -> dict[str, Any]:
        """The folder and the environment of a process in the image."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, **self.environment, **environment}
        return {
            "cwd": self.path("."),
            "env": {name: self.rooted(value) for name, value in environment.items()},
        }

    def rooted(self, text: str) -> str:
        """A text with the paths that the image has of its own."""
        return re.sub(
            r"(?<![\w/])/(?=(?:src|opt/springhead|var/lib/springhead|etc/springhead)\b)", f"{self.root}/", text
        )

    def _copy(self, *paths: str) -> None:
        *sources, target = paths
        for source in sources:
            copied = self.context / source
            to = self.path(target) / copied.name if target.endswith("/") else self.path(target)
            to.parent.mkdir(parents=True, exist_ok=True)
            if copied.is_dir():
                shutil.copytree(copied, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(copied, to)


def read_dockerfile(path: Path) -> list[Instruction]:
    """The instructions of a Dockerfile, in order."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    found = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        match = _INSTRUCTION.match(line)
        assert match, line
        name, value = match.groups()
        options = {}
        while option := _OPTION.match(value):
            options[option[1]] = option[2]
            value = value[option.end() :]
        found.append(Instruction(name, options, value.strip()))
    return found
