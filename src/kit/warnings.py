"""Finds what loads in a source folder, but is likely not what its author wants."""

from __future__ import annotations

from pathlib import Path

from ..core.loader import load_source
from ..core.mapping.model import DROP, Rule
from ..core.source_file import Problem, read_source_file


def find_warnings(folder: Path) -> list[Problem]:
    """Find the warnings of a folder that has no problems."""
    return _rules_without_time(folder) if _ids_come_from_records(folder) else []


def _ids_come_from_records(folder: Path) -> bool:
    """Whether only paths in the record identify it; the author of a template has thought of its versions."""
    ids = (read_source_file(folder / "source.json").value or {}).get("id", [])
    return bool(ids) and all(isinstance(entry, str) and not entry.startswith("$request.") for entry in ids)


def _rules_without_time(folder: Path) -> list[Problem]:
    file = read_source_file(folder / "mapping.json")
    for index, rule in enumerate(load_source(folder).mapper.mapping.rules):
        if rule.type != DROP and rule.passthrough is None and not _writes_time(rule):
            reason = "no row writes originalTimestamp, so events of one id differ by content alone"
            advice = "write the time, or read the delivery's id from a header (see Ids in docs/sources.md)"
            file.add_problem(("events", index), "no-time", reason, advice)
    return file.problems


def _writes_time(rule: Rule) -> bool:
    return any(target.keys[0] == "originalTimestamp" for row in rule.rows for target in row.to)
