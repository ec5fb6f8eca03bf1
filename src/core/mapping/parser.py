"""From a mapping file to a `Spec`: everything the file's JSON Schema cannot say is checked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..ids import Namespace
from ..source_file import Document
from ..suggest import suggest
from .convert import compact
from .model import Build, Constant, FirstOf, Origin, Read, ReplyRule, Row, Rule, Spec, Template
from .pattern import Pattern
from .terms import Steps, Words

_ORIGINS = ("from", "value", "template", "object")
_ROW_WORDS = frozenset((*_ORIGINS, "when", "omit", "pick", "apply", "each", "lookup", "else"))


def load_mapping(document: Document, tables: Mapping[str, Any], namespace: Namespace) -> Spec | None:
    """Read a mapping whose structure is checked already; None where it, or any part of it, has a problem.

    Every problem is noted on `document`; parts with a problem of structure are not looked into again.
    """
    if document.value is None:
        return None
    value = document.sound()
    spec = _Loader(document, Words(document, tables, namespace)).spec(value)
    return None if document.problems else spec


@dataclass(slots=True)
class _Loader:
    document: Document
    words: Words
    compact: bool = False

    def spec(self, value: dict[str, Any]) -> Spec:
        self.compact = value.get("compact") is True
        several = any(rule is not None and "each" in rule for rule in value.get("events", []))
        shared = self.rows(value.get("map", []), ("map",), inside=several)
        rules = tuple(
            self.rule(rule, ("events", index), shared)
            for index, rule in enumerate(value.get("events", []))
            if rule is not None
        )
        emit_all = value.get("emit") == "all"
        if not emit_all:
            self.reachable(rules)
        return Spec(
            integration=str(value.get("integration", "")),
            rules=_labelled(rules),
            replies=tuple(
                self.reply(reply, ("reply", index))
                for index, reply in enumerate(value.get("reply", []))
                if reply is not None
            ),
            emit_all=emit_all,
            drop_unmatched=value.get("unmatched") == "drop",
        )

    def reachable(self, rules: tuple[Rule, ...]) -> None:
        for index, rule in enumerate(rules[:-1]):
            if rule.when is None:
                self.document.problem(
                    ("events", index + 1),
                    "unreachable-rule",
                    f"no record comes here: rule {index} takes all",
                    'give that rule a when, move it to the end, or set "emit": "all"',
                )
                return

    def rule(self, value: dict[str, Any], where: Steps, shared: tuple[Row, ...]) -> Rule:
        inside = "each" in value
        kind = value.get("type")
        passed = value.get("pass")
        sound = not self.document.spoilt(where)
        if kind is None and not passed and sound:
            self.document.problem(where, "missing-key", "type is missing", "say which event this rule makes")
        if kind == "track" and "event" not in value and not passed and sound:
            self.document.problem(
                where, "track-without-event", "a track rule needs event", 'its name: {"event": "Signed Up"}'
            )
        return Rule(
            label=value.get("name") or kind or "pass",
            type=kind,
            rows=self.rows(value.get("map", []), (*where, "map"), inside=inside) + shared,
            when=self.when(value, where, inside=False),
            event=self.constant_or_row(value["event"], (*where, "event"), inside) if "event" in value else None,
            each=self.words.path(value["each"], (*where, "each"), inside=False) if inside else None,
            passed=self.words.path("$" if passed is True else passed, (*where, "pass"), inside=inside)
            if passed
            else None,
        )

    def reply(self, value: dict[str, Any], where: Steps) -> ReplyRule:
        return ReplyRule(
            when=self.when(value, where, inside=False),
            body=self.constant_or_row(value.get("body"), (*where, "body"), inside=False),
            content_type=str(value.get("content_type", "application/json")),
        )

    def rows(self, value: list[Any], where: Steps, *, inside: bool) -> tuple[Row, ...]:
        made = [
            self.row(row, (*where, index), inside=inside, written=True)
            for index, row in enumerate(value)
            if row is not None
        ]
        if self.compact and "each" not in where:
            made = [replace(row, apply=(*row.apply, compact)) for row in made]
        return tuple(made)

    def row(self, value: dict[str, Any], where: Steps, *, inside: bool, written: bool) -> Row:
        origins = [word for word in _ORIGINS if word in value]
        if len(origins) != 1 and not self.document.spoilt(where):
            self.document.problem(
                where,
                "row-origin",
                f"a row takes its value from one place, this one from {len(origins)}",
                f"write one of {', '.join(_ORIGINS)}",
            )
        origin = self.origin(value, where, inside) if len(origins) == 1 else Constant(None)
        otherwise = value.get("else")
        table = self.words.table(value["lookup"], (*where, "lookup")) if "lookup" in value else None
        return Row(
            origin=origin,
            when=self.when(value, where, inside=inside),
            omit=self.words.plain_paths(value.get("omit", []), (*where, "omit")),
            pick=self.words.plain_paths(value.get("pick", []), (*where, "pick")),
            each=self.rows(value["each"], (*where, "each"), inside=True) if "each" in value else None,
            apply=tuple(self.words.functions(value.get("apply", []), (*where, "apply"))),
            lookup=table,
            otherwise=None if otherwise is None else self.constant_or_row(otherwise, (*where, "else"), inside),
            to=self.words.targets(value["to"], (*where, "to")) if written and "to" in value else (),
        )

    def origin(self, value: dict[str, Any], where: Steps, inside: bool) -> Origin:
        if "from" in value:
            paths = value["from"]
            if isinstance(paths, list):
                return FirstOf(
                    tuple(self.words.path(p, (*where, "from", i), inside) for i, p in enumerate(paths))
                )
            return Read(self.words.path(paths, (*where, "from"), inside))
        if "value" in value:
            return Constant(value["value"])
        if "template" in value:
            return Template(tuple(self.words.template(value["template"], (*where, "template"), inside)))
        return Build(
            tuple(
                (key, self.constant_or_row(member, (*where, "object", key), inside))
                for key, member in value["object"].items()
            )
        )

    def constant_or_row(self, value: Any, where: Steps, inside: bool) -> Row:
        if not isinstance(value, dict):
            return Row(Constant(value))
        for word in value.keys() - _ROW_WORDS:
            self.document.problem(
                (*where, word),
                "unknown-key",
                f"{word!r} is no part of a row here",
                suggest(word, sorted(_ROW_WORDS)) + ' (an object that is meant as it is: {"value": {...}})',
            )
        return self.row(value, where, inside=inside, written=False)

    def when(self, value: dict[str, Any], where: Steps, *, inside: bool) -> Pattern | None:
        if "when" not in value:
            return None
        return self.words.pattern(value["when"], (*where, "when"), inside)


def _labelled(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules with labels that differ: the second `track` is `track-2`."""
    taken: set[str] = set()
    made = []
    for rule in rules:
        label, again = rule.label, 1
        while label in taken:
            again += 1
            label = f"{rule.label}-{again}"
        taken.add(label)
        made.append(replace(rule, label=label))
    return tuple(made)
