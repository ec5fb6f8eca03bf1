"""The source folder under check: its files, the source it loads as, and the records of its fixtures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.json_value import Steps
from ...core.loader import load_source
from ...core.mapping.model import EventMapping
from ...core.source import Source
from ...core.source_file import SourceFile, read_source_file
from .finding import Finding
from .samples import Samples, read_samples

_FILES = ("source.json", "schema.json", "mapping.json")


@dataclass
class Subject:
    """A source folder that loads. Checks record their advice as problems of its files.

    Attributes:
        source: what the folder loads as.
        about, schema, mapping: source.json, schema.json, mapping.json.
        tables: the other JSON files, by the names of the tables.
        readme: README.md, as text.
        samples: what the fixtures hold.
    """

    source: Source
    about: SourceFile
    schema: SourceFile
    mapping: SourceFile
    tables: dict[str, SourceFile]
    readme: SourceFile
    samples: Samples

    @cached_property
    def parsed(self) -> EventMapping:
        """The mapping as the host runs it."""
        return self.source.mapper.mapping

    def at(self, steps: Steps) -> Any:
        """Return what stands at a place of mapping.json."""
        value: Any = self.mapping.value
        for step in steps:
            value = value[step]
        return value

    def advice(self) -> list[Finding]:
        """List what the checks have recorded."""
        folder = self.source.folder
        files = (self.about, self.schema, self.mapping, self.readme, *self.tables.values())
        found = [
            Finding.of(problem, "advice", folder / file.name) for file in files for problem in file.problems
        ]
        return found + self.samples.advice()


def read_subject(folder: Path) -> Subject:
    """Read a folder that loads."""
    source = load_source(folder)
    tables = {path.stem: path for path in sorted(folder.glob("*.json")) if path.name not in _FILES}
    readme = folder / "README.md"
    text = readme.read_text("utf-8", "replace") if readme.is_file() else ""
    about, schema, mapping = (read_source_file(folder / name) for name in _FILES)
    return Subject(
        source,
        about,
        schema,
        mapping,
        tables={name: read_source_file(path) for name, path in tables.items() if name[:1] != "."},
        readme=SourceFile("README.md", text=text),
        samples=read_samples(source),
    )
