"""From a mapping file to a `Spec`: everything the file's JSON Schema cannot say is checked here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..document import Document, nearest
from ..ids import Namespace
from .functions import FUNCTIONS, Apply, ArgumentError, compact, expression
from .path import Path, PathError, Target, parse_path, parse_target
from .pattern import AllOf, Equals, Exists, IgnoreCase, Matcher, Matches, Not, OneOf, Pattern, Prefix, folded
from .spec import Build, Constant, FirstOf, Origin, Read, ReplyRule, Row, Rule, Spec, Template

Where = tuple[str | int, ...]
Value = TypeVar("Value")

_ORIGINS = ("from", "value", "template", "object")
_ROW_WORDS = frozenset((*_ORIGINS, "when", "omit", "pick", "apply", "each", "lookup", "else"))
_RESERVED = {
    "type": "the rule's type says it",
    "event": "the rule's event says it",
    "messageId": "it is derived from the record, so that a retry is the same message",
}
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])")


def load_mapping(document: Document, tables: Mapping[str, Any], namespace: Namespace) -> Spec | None:
    """Read a mapping whose structure is checked already; None where it, or any part of it, has a problem.

    Every problem is noted on `document`; parts with a problem of structure are not looked into again.
    """
    if not isinstance(document.value, dict):
        return None
    spec = _Loader(document, tables, namespace).spec(document.value)
    return None if document.problems else spec


@dataclass(slots=True)
class _Loader:
    document: Document
    tables: Mapping[str, Any]
    namespace: Namespace
    compact: bool = False

    def spec(self, value: dict[str, Any]) -> Spec:
        self.compact = value.get("compact") is True
        shared = self.rows(value.get("map", []), ("map",), inside=False)
        rules = tuple(
            self.rule(rule, ("events", index), shared)
            for index, rule in enumerate(value["events"] if isinstance(value.get("events"), list) else [])
            if self.sound(("events", index, "type")) and isinstance(rule, dict)
        )
        emit_all = value.get("emit") == "all"
        if not emit_all:
            self.reachable(rules)
        return Spec(
            integration=str(value.get("integration", "")),
            rules=_labelled(rules),
            replies=tuple(
                self.reply(reply, ("reply", index)) for index, reply in enumerate(value.get("reply") or [])
            ),
            emit_all=emit_all,
            drop_unmatched=value.get("unmatched") == "drop",
        )

    def sound(self, where: Where) -> bool:
        return not self.document.spoilt(where)

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

    def rule(self, value: dict[str, Any], where: Where, shared: tuple[Row, ...]) -> Rule:
        inside = "each" in value
        kind = value.get("type")
        passed = value.get("pass")
        if kind is None and not passed:
            self.document.problem(where, "missing-key", "type is missing", "say which event this rule makes")
        if kind == "track" and "event" not in value and not passed:
            self.document.problem(
                where, "track-without-event", "a track rule needs event", 'its name: {"event": "Signed Up"}'
            )
        return Rule(
            label=value.get("name") or kind or "pass",
            type=kind,
            rows=self.rows(value.get("map", []), (*where, "map"), inside=inside) + shared,
            when=self.when(value, where, inside=False),
            event=self.constant_or_row(value["event"], (*where, "event"), inside) if "event" in value else None,
            each=self.path(value["each"], (*where, "each"), inside=False) if inside else None,
            passed=self.path("$" if passed is True else passed, (*where, "pass"), inside=inside)
            if passed
            else None,
        )

    def reply(self, value: Any, where: Where) -> ReplyRule:
        value = value if isinstance(value, dict) else {}
        return ReplyRule(
            when=self.when(value, where, inside=False),
            body=self.constant_or_row(value.get("body"), (*where, "body"), inside=False),
            content_type=str(value.get("content_type", "application/json")),
        )

    def rows(self, value: Any, where: Where, *, inside: bool) -> tuple[Row, ...]:
        rows = enumerate(value if isinstance(value, list) else [])
        made = [
            self.row(row, (*where, i), inside=inside, written=True) for i, row in rows if isinstance(row, dict)
        ]
        if self.compact and "each" not in where:
            made = [replace(row, apply=(*row.apply, compact)) for row in made]
        return tuple(made)

    def row(self, value: dict[str, Any], where: Where, *, inside: bool, written: bool) -> Row:
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
        table = self.table(value["lookup"], (*where, "lookup")) if "lookup" in value else None
        return Row(
            origin=origin,
            when=self.when(value, where, inside=inside),
            omit=self.plain_paths(value.get("omit", []), (*where, "omit")),
            pick=self.plain_paths(value.get("pick", []), (*where, "pick")),
            each=self.rows(value["each"], (*where, "each"), inside=True) if "each" in value else None,
            apply=tuple(self.functions(value.get("apply", []), (*where, "apply"))),
            lookup=table,
            otherwise=None if otherwise is None else self.constant_or_row(otherwise, (*where, "else"), inside),
            to=self.targets(value["to"], (*where, "to")) if written and "to" in value else (),
        )

    def origin(self, value: dict[str, Any], where: Where, inside: bool) -> Origin:
        if "from" in value:
            paths = value["from"]
            if isinstance(paths, list):
                return FirstOf(tuple(self.path(p, (*where, "from", i), inside) for i, p in enumerate(paths)))
            return Read(self.path(paths, (*where, "from"), inside))
        if "value" in value:
            return Constant(value["value"])
        if "template" in value:
            return Template(tuple(self.template(value["template"], (*where, "template"), inside)))
        members = value["object"] if isinstance(value["object"], dict) else {}
        return Build(
            tuple(
                (key, self.constant_or_row(member, (*where, "object", key), inside))
                for key, member in members.items()
            )
        )

    def constant_or_row(self, value: Any, where: Where, inside: bool) -> Row:
        if not isinstance(value, dict):
            return Row(Constant(value))
        for word in value.keys() - _ROW_WORDS:
            self.document.problem(
                (*where, word),
                "unknown-key",
                f"{word!r} is no part of a row here",
                nearest(word, sorted(_ROW_WORDS)) + ' (an object that is meant as it is: {"value": {...}})',
            )
        return self.row(value, where, inside=inside, written=False)

    def template(self, text: Any, where: Where, inside: bool) -> list[str | Path]:
        parts: list[str | Path] = []
        at = 0
        text = text if isinstance(text, str) else ""
        for match in _PART.finditer(text):
            parts.append(text[at : match.start()])
            at = match.end()
            if match.group() in ("{{", "}}"):
                parts.append(match.group()[0])
            elif match.group(2):
                self.document.problem(
                    where,
                    "bad-template",
                    f"a lone {match.group()} at character {match.start() + 1}",
                    "double it",
                )
            else:
                parts.append(self.path(match.group(1), where, inside))
        parts.append(text[at:])
        return [part for part in parts if part != ""]

    def path(self, text: Any, where: Where, inside: bool = False) -> Path:
        path = self.parsed(parse_path, text, where, "bad-path", Path("", "", ()))
        if path.root == "$parent" and not inside:
            self.document.problem(where, "parent-outside-each", "$parent is what holds the element of an each")
        return path

    def plain_paths(self, value: Any, where: Where) -> tuple[Path, ...]:
        texts = value if isinstance(value, list) else [value]
        paths = []
        for index, text in enumerate(texts):
            place = (*where, index) if isinstance(value, list) else where
            path = self.path(text, place)
            if path.root or not path.keys:
                self.document.problem(place, "bad-path", f"{text!r} must be a path inside the copied object")
            else:
                paths.append(path)
        return tuple(paths)

    def targets(self, value: Any, where: Where) -> tuple[Target, ...]:
        texts = value if isinstance(value, list) else [value]
        targets = []
        for index, text in enumerate(texts):
            place = (*where, index) if isinstance(value, list) else where
            target = self.parsed(parse_target, text, place, "bad-target", Target("", ("",)))
            reason = _RESERVED.get(target.keys[0])
            if reason is not None and "each" not in where:  # the rows of an each write elements, not events
                self.document.problem(place, "reserved-target", f"no row writes {target.keys[0]}: {reason}")
            targets.append(target)
        return tuple(targets)

    def parsed(
        self, parse: Callable[[str], Value], text: Any, where: Where, rule: str, fallback: Value
    ) -> Value:
        if not isinstance(text, str):
            return fallback
        try:
            return parse(text)
        except PathError as error:
            self.document.problem(where, rule, str(error))
            return fallback

    def functions(self, value: Any, where: Where) -> list[Apply]:
        calls = value if isinstance(value, list) else [value]
        made = []
        for index, call in enumerate(calls):
            place = (*where, index) if isinstance(value, list) else where
            name, argument = next(iter(call.items()), ("", None)) if isinstance(call, dict) else (call, None)
            function = FUNCTIONS.get(name) if isinstance(name, str) else None
            if function is None:
                self.document.problem(
                    place, "unknown-function", f"{name!r} is no function", nearest(str(name), list(FUNCTIONS))
                )
                continue
            try:
                made.append(function.make(argument, self.namespace))
            except ArgumentError as error:
                self.document.problem(place, "bad-argument", str(error))
        return made

    def table(self, name: Any, where: Where) -> dict[str, Any]:
        if isinstance(name, str) and name in self.tables:
            table: dict[str, Any] = self.tables[name]
            return table
        self.document.problem(
            where,
            "unknown-table",
            f"there is no table {name!r}",
            nearest(str(name), sorted(self.tables)) or f"put {name}.json into the folder",
        )
        return {}

    def when(self, value: dict[str, Any], where: Where, *, inside: bool) -> Pattern | None:
        if "when" not in value:
            return None
        return self.pattern(value["when"], (*where, "when"), inside)

    def pattern(self, value: Any, where: Where, inside: bool) -> Pattern:
        value = value if isinstance(value, dict) else {}
        entries = tuple(
            (self.path(key, (*where, key), inside), self.matcher(wanted, (*where, key)))
            for key, wanted in value.items()
            if key != "any"
        )
        alternatives = value.get("any", [])
        return Pattern(
            entries,
            tuple(
                self.pattern(one, (*where, "any", index), inside)
                for index, one in enumerate(alternatives if isinstance(alternatives, list) else [])
            ),
        )

    def matcher(self, value: Any, where: Where) -> Matcher:
        if isinstance(value, list):
            return OneOf(tuple(self.matcher(one, (*where, index)) for index, one in enumerate(value)))
        if not isinstance(value, dict):
            return Equals(value)
        words: dict[str, Callable[[Any, Where], Matcher]] = {
            "exists": lambda expected, _: Exists(expected is True),
            "not": lambda inner, place: Not(self.matcher(inner, place)),
            "prefix": lambda text, _: Prefix(tuple(text) if isinstance(text, list) else (text,)),
            "ignore_case": lambda inner, place: IgnoreCase(folded(self.matcher(inner, place))),
            "matches": lambda pattern, place: Matches(self.expression(pattern, place)),
        }
        matchers = []
        for word, argument in value.items():
            if word in words and self.sound((*where, word)):
                matchers.append(words[word](argument, (*where, word)))
            elif word not in words:
                self.document.problem(
                    (*where, word),
                    "unknown-matcher",
                    f"{word!r} is no matcher",
                    nearest(word, sorted(words)) + "; a deeper field is written with dots in the key",
                )
        return matchers[0] if len(matchers) == 1 else AllOf(tuple(matchers))

    def expression(self, pattern: Any, where: Where) -> Any:
        try:
            return expression(pattern)
        except ArgumentError as error:
            self.document.problem(where, "bad-argument", str(error))
            return None


def _labelled(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules with labels that differ: the second `track` is `track-2`."""
    seen: Counter[str] = Counter()
    made = []
    for rule in rules:
        seen[rule.label] += 1
        again = seen[rule.label]
        made.append(rule if again == 1 else replace(rule, label=f"{rule.label}-{again}"))
    return tuple(made)
