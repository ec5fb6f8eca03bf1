"""Quotes the author's mapping.json: what stands where, and on which line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from ..core.json_value import Steps, pointer
from ..core.mapping.interpret import Scope, matches, value_at
from ..core.mapping.pattern import Pattern
from ..core.source_file import SourceFile, read_source_file
from .quote import quote


class MappingFile(msgspec.Struct, frozen=True):
    """A mapping.json without problems."""

    file: SourceFile

    def line(self, steps: Steps) -> int:
        """Return the line of what these steps lead to."""
        return self.file.line(pointer(*steps))

    def at(self, steps: Steps) -> Any:
        """Return what these steps lead to."""
        value: Any = self.file.value
        for step in steps:
            value = value[step]
        return value

    def functions(self, steps: Steps) -> list[str]:
        """Name the functions of a row, with their arguments: `lower`, `time "s"`."""
        row = self.at(steps)
        calls = row.get("apply", []) if isinstance(row, dict) else []
        return [_call(call) for call in (calls if isinstance(calls, list) else [calls])]

    def unmet(self, pattern: Pattern | None, scope: Scope, steps: Steps) -> str:
        """Say which condition of a `when` at these steps fails; `""` if it holds."""
        if pattern is None or matches(pattern, scope):
            return ""
        wanted = self.at(steps)
        for entry in pattern.entries:
            if not matches(Pattern((entry,)), scope):
                path = entry[0]
                return f"{path.text} is {quote(value_at(path, scope))}, not {quote(wanted[path.text])}"
        return f"none of these holds: {quote(wanted['any'])}"


def read_mapping_file(folder: Path) -> MappingFile:
    """Read the mapping.json of a source folder that loads."""
    return MappingFile(read_source_file(folder / "mapping.json"))


def _call(call: Any) -> str:
    if isinstance(call, str):
        return call
    ((name, argument),) = call.items()
    return f"{name} {json.dumps(argument, ensure_ascii=False)}"
