"""Finds tables that no row uses."""

from __future__ import annotations

from ...core.suggest import suggest
from .places import placed_rows
from .subject import Subject


def check(subject: Subject) -> None:
    """Record the JSON files of the folder that are neither its own three nor looked up by a row."""
    used = {placed.written["lookup"] for placed in placed_rows(subject) if "lookup" in placed.written}
    for name, file in subject.tables.items():
        if name not in used:
            own = suggest(name, ["source", "schema", "mapping"])
            advice = own if own.startswith("did") else f'use it, {{"lookup": "{name}"}}, or remove the file'
            file.add_problem((), "unused-table", f"no row looks anything up in {name}", advice)
