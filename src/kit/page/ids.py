"""Writes what identifies a delivery, a message and a user."""

from __future__ import annotations

from typing import Any

from .markdown import code, section, series, table
from .paths import place
from .rows import as_list
from .source_files import SourceFiles

_CONTENT = "Nothing that is sent identifies a delivery, so its content does."


def ids_section(files: SourceFiles) -> str:
    """Write where the delivery's id is read, and what the ids of events are made of."""
    entries = [_entry(entry) for entry in files.about.get("id", [])]
    first = f"the first of these with a value: {series(entries, 'or')}" if len(entries) > 1 else series(entries)
    delivery = f"A delivery is identified by {first}; without that, by its content."
    passed = "that of an event passed as it is, otherwise " if _passes(files.mapping) else ""
    written = _written(files.mapping)
    version = "the event's content"
    if "originalTimestamp" in written or passed:
        version = f"`originalTimestamp`, or {version} if it has none"
    message = f"derived from the delivery, the rule, the event's name and {version}"
    anonymous = "derived from the delivery"
    if "userId" in written or passed:
        anonymous = "derived from `userId`, or from the delivery if there is none"
    if "anonymousId" in written:
        anonymous = f"what the mapping writes, otherwise {anonymous}"
    ids = (("`messageId`", passed + message), ("`anonymousId`", passed + anonymous))
    return section("Ids", delivery if entries else _CONTENT, table(("Id", "Value"), ids))


def _passes(mapping: dict[str, Any]) -> bool:
    return any(rule.get("pass") for rule in mapping["events"])


def _entry(entry: Any) -> str:
    return f"the text {code(entry['template'])}" if isinstance(entry, dict) else place(entry)


def _written(mapping: dict[str, Any]) -> set[str]:
    """List the fields that rows write, at their top."""
    rows = [*mapping.get("map", []), *(row for rule in mapping["events"] for row in rule.get("map", []))]
    return {target.partition(".")[0] for row in rows for target in as_list(row["to"])}
