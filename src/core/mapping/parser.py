"""Parses a mapping file, and checks everything its JSON Schema cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from ..ids import Namespace
from ..json_value import Steps
from ..source_file import SourceFile
from ..suggest import suggest
from .convert import compact
from .model import Build, Constant, EventMapping, FirstOf, ListOf, Origin, Read, ReplyRule, Row, Rule, Template
from .pattern import Pattern
from .terms import TermParser

_ORIGINS = ("from", "value", "template", "object", "all")
_ROW_KEYS = frozenset((*_ORIGINS, "when", "omit", "pick", "apply", "each", "lookup", "else"))


def parse_mapping(file: SourceFile, tables: Mapping[str, Any], namespace: Namespace) -> EventMapping | None:
    """Parse a mapping file whose structure is checked already; None if any part of it has a problem.

    Every problem is recorded on the file. Parts whose structure is wrong are not parsed.
    """
    if file.value is None:
        return None
    value = file.usable_value()
    parser = _Parser(file, TermParser(file, tables, namespace), compact_rows=value.get("compact") is True)
    mapping = parser.mapping(value)
    return None if file.problems else mapping


@dataclass(slots=True)
class _Parser:
    file: SourceFile
    terms: TermParser
    compact_rows: bool

    def mapping(self, value: dict[str, Any]) -> EventMapping:
        rules_in_each = any(rule is not None and "each" in rule for rule in value.get("events", []))
        shared = self.rows(value.get("map", []), ("map",), in_each=rules_in_each)
        rules = tuple(
            self.rule(rule, ("events", index), shared)
            for index, rule in enumerate(value.get("events", []))
            if rule is not None
        )
        replies = tuple(
            self.reply(reply, ("reply", index))
            for index, reply in enumerate(value.get("reply", []))
            if reply is not None
        )
        emit_all = value.get("emit") == "all"
        if not emit_all:
            self.check_reachable(rules)
        return EventMapping(
            integration=str(value.get("integration", "")),
            rules=_with_unique_labels(rules),
            replies=replies,
            emit_all=emit_all,
            drop_unmatched=value.get("unmatched") == "drop",
        )

    def check_reachable(self, rules: tuple[Rule, ...]) -> None:
        for index, rule in enumerate(rules[:-1]):
            if rule.when is None:
                reason = f"no record gets here: rule {index} matches all"
                advice = 'give that rule a when, move it to the end, or set "emit": "all"'
                self.file.add_problem(("events", index + 1), "unreachable-rule", reason, advice)
                return

    def rule(self, value: dict[str, Any], steps: Steps, shared: tuple[Row, ...]) -> Rule:
        in_each = "each" in value
        event_type, passthrough = value.get("type"), value.get("pass")
        if not passthrough and not self.file.has_problem(steps):
            self.check_type(event_type, value, steps)
        if passthrough:
            text = "$" if passthrough is True else passthrough
            passthrough = self.terms.single_path(text, (*steps, "pass"), in_each)
        return Rule(
            label=value.get("name") or event_type or "pass",
            type=event_type,
            rows=self.rows(value.get("map", []), (*steps, "map"), in_each=in_each) + shared,
            when=self.when(value, steps, in_each=False),
            event=self.event_name(value, steps, in_each),
            each=self.terms.path(value["each"], (*steps, "each")) if in_each else None,
            passthrough=passthrough or None,
        )

    def event_name(self, value: dict[str, Any], steps: Steps, in_each: bool) -> Row | None:
        return self.constant_or_row(value["event"], (*steps, "event"), in_each) if "event" in value else None

    def check_type(self, event_type: str | None, value: dict[str, Any], steps: Steps) -> None:
        if event_type is None:
            self.file.add_problem(steps, "missing-key", "type is missing", "say which event this rule makes")
        elif event_type == "track" and "event" not in value:
            advice = 'give its name: {"event": "Signed Up"}'
            self.file.add_problem(steps, "track-without-event", "a track rule needs event", advice)

    def reply(self, value: dict[str, Any], steps: Steps) -> ReplyRule:
        return ReplyRule(
            when=self.when(value, steps, in_each=False),
            body=self.constant_or_row(value.get("body"), (*steps, "body"), in_each=False),
            content_type=str(value.get("content_type", "application/json")),
            events=bool(value.get("events", False)),
        )

    def rows(self, value: list[Any], steps: Steps, *, in_each: bool) -> tuple[Row, ...]:
        rows = [
            self.row(row, (*steps, index), in_each=in_each)
            for index, row in enumerate(value)
            if row is not None
        ]
        if self.compact_rows and "each" not in steps:
            rows = [replace(row, apply=(*row.apply, compact)) for row in rows]
        return tuple(rows)

    def row(self, value: dict[str, Any], steps: Steps, *, in_each: bool) -> Row:
        row = self.row_without_target(value, steps, in_each=in_each)
        return replace(row, to=self.terms.targets(value["to"], (*steps, "to"))) if "to" in value else row

    def row_without_target(self, value: dict[str, Any], steps: Steps, *, in_each: bool) -> Row:
        fallback = value.get("else")
        return Row(
            origin=self.origin(value, steps, in_each),
            when=self.when(value, steps, in_each=in_each),
            omit=self.terms.inner_paths(value.get("omit", []), (*steps, "omit")),
            pick=self.terms.inner_paths(value.get("pick", []), (*steps, "pick")),
            each=self.rows(value["each"], (*steps, "each"), in_each=True) if "each" in value else None,
            apply=self.terms.functions(value.get("apply", []), (*steps, "apply")),
            lookup=self.terms.table(value["lookup"], (*steps, "lookup")) if "lookup" in value else None,
            fallback=None if fallback is None else self.constant_or_row(fallback, (*steps, "else"), in_each),
            steps=steps,
        )

    def origin(self, value: dict[str, Any], steps: Steps, in_each: bool) -> Origin:
        keys = [key for key in _ORIGINS if key in value]
        if len(keys) != 1:
            if not self.file.has_problem(steps):
                reason = f"a row must take its value from one place: this one names {len(keys)}"
                advice = f"write one of {', '.join(_ORIGINS)}"
                self.file.add_problem(steps, "row-origin", reason, advice)
            return Constant(None)
        (key,) = keys
        content, steps = value[key], (*steps, key)
        if key == "value":
            return Constant(content)
        if key == "template":
            return Template(tuple(self.terms.template(content, steps, in_each)))
        if key == "object":
            return Build(
                tuple((name, self.constant_or_row(x, (*steps, name), in_each)) for name, x in content.items())
            )
        if isinstance(content, list):
            paths = tuple(self.terms.path(x, (*steps, i), in_each) for i, x in enumerate(content))
            return ListOf(paths) if key == "all" else FirstOf(paths)
        return Read(self.terms.path(content, steps, in_each))

    def constant_or_row(self, value: Any, steps: Steps, in_each: bool) -> Row:
        if not isinstance(value, dict):
            return Row(Constant(value), steps=steps)
        for key in value.keys() - _ROW_KEYS:
            advice = suggest(key, sorted(_ROW_KEYS)) + ' (a constant object is written {"value": {...}})'
            self.file.add_problem((*steps, key), "unknown-key", f"a row here has no key {key!r}", advice)
        return self.row_without_target(value, steps, in_each=in_each)

    def when(self, value: dict[str, Any], steps: Steps, *, in_each: bool) -> Pattern | None:
        if "when" not in value:
            return None
        return self.terms.pattern(value["when"], (*steps, "when"), in_each)


def _with_unique_labels(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Number the labels that rules have in common: the second `track` is `track-2`."""
    labels: set[str] = set()
    labelled = []
    for rule in rules:
        label, number = rule.label, 1
        while label in labels:
            number += 1
            label = f"{rule.label}-{number}"
        labels.add(label)
        labelled.append(replace(rule, label=label))
    return tuple(labelled)
