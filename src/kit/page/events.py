"""Writes which records become which events, and the tables of names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .conditions import condition
from .markdown import code, scalar_code, section, table, text, value_code
from .paths import place
from .rows import as_list, described
from .source_files import SourceFiles


def events_section(files: SourceFiles) -> str:
    """Write one line for each rule, and one for each reply."""
    emit_all = files.mapping.get("emit") == "all"
    rules = files.mapping["events"]
    labels = [rule.label for rule in files.source.mapper.mapping.rules]
    how = "Every rule that matches a record makes an event of it." if emit_all else ""
    if not emit_all and len(rules) > 1:
        how = "The first rule that matches a record decides what it becomes."
    rows = [
        (code(label), _when(rule, is_last_resort=index > 0 and not emit_all), *_event(rule))
        for index, (label, rule) in enumerate(zip(labels, rules, strict=True))
    ]
    rules_table = table(("Rule", "Records", "Type", "Event"), rows)
    return section("Events", how, rules_table, _unmatched(files), _replies(files))


def tables_sections(files: SourceFiles) -> str:
    """Write a section for each table that the mapping looks values up in."""
    return "\n\n".join(
        section(
            f"Table {code(name)}",
            table(
                ("Value", "Becomes"),
                ((scalar_code(key), _entry(value)) for key, value in files.table(name).items()),
            ),
        )
        for name in dict.fromkeys(_lookups(files.mapping))
    )


def _when(rule: dict[str, Any], *, is_last_resort: bool) -> str:
    when = condition(rule.get("when", {}))
    words = when or ("every other record" if is_last_resort else "every record")
    if "each" not in rule:
        return words
    elements = f"every element of {place(rule['each'])}"
    return f"{elements}, if {when}" if when else elements


def _event(rule: dict[str, Any]) -> tuple[str, str]:
    """Write the type and the name of a rule's events."""
    type_ = rule.get("type")
    if type_ == "drop":
        return "none", "dropped"
    name = described(rule["event"]).removeprefix("always ") if "event" in rule else ""
    if passed := rule.get("pass"):
        origin = "the record" if passed is True else place(passed)
        return type_ or "as sent", name or f"{origin}, which is an event already"
    return type_ or "", name


def _unmatched(files: SourceFiles) -> str:
    if any(not rule.get("when") for rule in files.mapping["events"]):
        return ""
    result = "dropped" if files.mapping.get("unmatched") == "drop" else "rejected"
    return f"A record that no rule matches is {result}."


def _replies(files: SourceFiles) -> str:
    rows = [
        (
            condition(reply.get("when", {})) or "every record",
            described(reply["body"]).removeprefix("always "),
            "yes" if reply.get("events") else "no",
        )
        for reply in files.mapping.get("reply", ())
    ]
    answers = table(("Records", "Reply", "Become events"), rows)
    return f"These records are answered:\n\n{answers}" if answers else ""


def _lookups(value: Any) -> Iterator[str]:
    """List the tables that rows look values up in."""
    rows = [row for row in as_list(value) if isinstance(row, dict)]
    for row in rows:
        if isinstance(row.get("lookup"), str):
            yield row["lookup"]
        for key in ("events", "event", "reply", "body", "map", "each", "else"):
            yield from _lookups(row.get(key))
        for member in row["object"].values() if isinstance(row.get("object"), dict) else ():
            yield from _lookups(member)


def _entry(value: Any) -> str:
    return text(value) if isinstance(value, str) and value.strip() else value_code(value)
