"""Reads the files of a source as its author wrote them, and its fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ...core.source import Source
from ...core.source_file import read_source_file
from ..case import Case, case_folder, find_cases


class SourceFiles(msgspec.Struct, frozen=True):
    """The files of a source that loads.

    Attributes:
        source: the source.
        about, schema, mapping: source.json, schema.json and mapping.json.
        readme: the text of README.md; empty if there is none.
        cases: its fixtures.
    """

    source: Source
    about: dict[str, Any]
    schema: dict[str, Any]
    mapping: dict[str, Any]
    readme: str
    cases: tuple[Case, ...]

    def table(self, name: str) -> dict[str, Any]:
        """Return a table by its name."""
        return read_source_file(self.source.folder / f"{name}.json").value or {}


def read_source_files(source: Source, nearby: Path) -> SourceFiles:
    """Read the files of a source; `nearby` as for `case_folder`."""
    about, schema, mapping = (
        read_source_file(source.folder / name).value or {}
        for name in ("source.json", "schema.json", "mapping.json")
    )
    readme = source.folder / "README.md"
    text = readme.read_text("utf-8", "replace") if readme.is_file() else ""
    cases = find_cases(case_folder(source, nearby), source.name)
    return SourceFiles(source, about, schema, mapping, text, tuple(cases))
