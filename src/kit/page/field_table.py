"""Writes the table of the fields that events have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...core.json_value import Steps
from .examples import Examples
from .fields import Field, fields_of
from .markdown import code, codes, section, table, value_code
from .source_files import SourceFiles


def fields_section(files: SourceFiles, examples: Examples) -> str:
    """Write one line for each field: which rules write it, where it is read, how, and an example."""
    lines = [
        (field, label)
        for label, rows, steps in _rows_by_rule(files)
        for index, row in enumerate(rows)
        for field in fields_of(row, (*steps, index))
    ]
    has_own_rows = len(files.mapping["events"]) > 1 and any(label for _, label in lines)
    header = ("Field", *(("Rule",) if has_own_rows else ()), "Read from", "Changed", "Example")
    rows = [
        (
            codes(field.targets),
            *((code(label) if label else "all",) if has_own_rows else ()),
            *_cells(field, examples),
        )
        for field, label in lines
    ]
    return section("Fields", _notes(files, [field for field, _ in lines]), table(header, rows))


def _notes(files: SourceFiles, fields: list[Field]) -> str:
    targets = Counter(target for field in fields for target in field.targets if not target.endswith("[]"))
    is_starred = any("*" in "".join((*field.targets, field.origin)) for field in fields)
    has_each = any("each" in rule for rule in files.mapping["events"])
    notes = (
        (max(targets.values(), default=0) > 1, "Where a field has several lines, the first with a value wins."),
        (is_starred, "`*` stands for every element or member."),
        (has_each, "In a rule for every element of a list, paths are those of the element."),
        (bool(files.mapping.get("compact")), "Nulls inside the values are left out."),
    )
    return " ".join(note for applies, note in notes if applies)


def _cells(field: Field, examples: Examples) -> tuple[str, str, str]:
    example = examples.of(field)
    return field.origin, field.changes, "" if example is None else value_code(example)


def _rows_by_rule(files: SourceFiles) -> Iterator[tuple[str, list[dict[str, Any]], Steps]]:
    """List the rows of each rule with its label, then those of all rules, each with the steps to them."""
    rules = zip(files.mapping["events"], files.source.mapper.mapping.rules, strict=True)
    for index, (written, rule) in enumerate(rules):
        yield rule.label, written.get("map", []), ("events", index, "map")
    yield "", files.mapping.get("map", []), ("map",)
