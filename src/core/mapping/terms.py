"""Parses the terms inside a row: paths, targets, templates, functions, tables and patterns.

A term that cannot be read is recorded as a problem and something harmless takes its place, so that parsing goes
on and finds all problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from ..errors import InvalidArgument, InvalidPath, InvalidRegex
from ..ids import Namespace
from ..json_value import Steps
from ..regex import Search, compile_regex
from ..source_file import SourceFile
from ..suggest import suggest
from .functions import FUNCTIONS, Function
from .model import FIELDS
from .path import Path, Target, parse_path, parse_single_path, parse_target
from .pattern import AllOf, Equals, Exists, IgnoreCase, Matcher, Matches, Not, OneOf, Pattern, Prefix, casefold

_Value = TypeVar("_Value")

_RESERVED = {
    "type": "the rule's type gives it",
    "event": "the rule's event gives it",
    "messageId": "it is derived from the record, so that a retry is the same message",
}
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])")


@dataclass(slots=True)
class TermParser:
    """Parses the terms of one mapping file. `in_each` says that a term is inside an `each`."""

    file: SourceFile
    tables: Mapping[str, Any]
    namespace: Namespace

    def template(self, text: Any, steps: Steps, in_each: bool) -> list[str | Path]:
        """Parse a template into texts, and the paths between braces."""
        parts: list[str | Path] = []
        offset = 0
        for match in _BRACES.finditer(text):
            parts.append(text[offset : match.start()])
            offset = match.end()
            if match.group() in ("{{", "}}"):
                parts.append(match.group()[0])
            elif match.group(2):
                reason = f"a lone {match.group()} at character {match.start() + 1}"
                self.file.add_problem(steps, "bad-template", reason, "double it")
            else:
                parts.append(self.single_path(match.group(1), steps, in_each))
        parts.append(text[offset:])
        return [part for part in parts if part != ""]

    def single_path(self, text: Any, steps: Steps, in_each: bool = False) -> Path:
        """Parse a path without stars."""
        return self.path(text, steps, in_each, parse_single_path)

    def path(
        self,
        text: Any,
        steps: Steps,
        in_each: bool = False,
        parse: Callable[[str], Path] = parse_path,
    ) -> Path:
        """Parse a path."""
        path = self._parse(parse, text, steps, "bad-path", Path("", "", ()))
        if path.root == "$parent" and not in_each:
            reason = "there is no $parent here: inside an each it is what $ is outside of it"
            self.file.add_problem(steps, "parent-outside-each", reason)
        return path

    def inner_paths(self, value: Any, steps: Steps) -> tuple[Path, ...]:
        """Parse paths inside a copied object, which have no root."""
        paths = []
        for text, place in _elements(value, steps):
            path = self.path(text, place)
            if path.stars:
                reason, advice = (
                    f"{text!r} has a *, which omit and pick do not take",
                    "use each for the elements",
                )
                self.file.add_problem(place, "bad-path", reason, advice)
            elif path.text and (path.root or not path.keys):
                reason = f"{text!r} must be a path inside the copied object"
                self.file.add_problem(place, "bad-path", reason)
            else:
                paths.append(path)
        return tuple(paths)

    def targets(self, value: Any, steps: Steps) -> tuple[Target, ...]:
        """Parse where a row writes."""
        targets = []
        for text, place in _elements(value, steps):
            target = self._parse(parse_target, text, place, "bad-target", Target("", ("",)))
            if "each" not in steps:  # the rows of an each write elements, not events
                self._check_field(target.keys[0], place)
            targets.append(target)
        return tuple(targets)

    def functions(self, value: Any, steps: Steps) -> tuple[Function, ...]:
        """Parse the functions of an `apply`."""
        functions = []
        for call, place in _elements(value, steps):
            if call is None:
                continue
            name, argument = next(iter(call.items()), ("", None)) if isinstance(call, dict) else (call, None)
            make = FUNCTIONS.get(name) if isinstance(name, str) else None
            if make is None:
                advice = suggest(str(name), list(FUNCTIONS))
                self.file.add_problem(place, "unknown-function", f"there is no function {name!r}", advice)
                continue
            try:
                functions.append(make(argument, self.namespace))
            except InvalidArgument as error:
                self.file.add_problem(place, "bad-argument", error.reason)
        return tuple(functions)

    def table(self, name: Any, steps: Steps) -> dict[str, Any]:
        """Find a table by name."""
        if isinstance(name, str) and name in self.tables:
            table: dict[str, Any] = self.tables[name]
            return table
        advice = suggest(str(name), sorted(self.tables)) or f"put {name}.json into the folder"
        self.file.add_problem(steps, "unknown-table", f"there is no table {name!r}", advice)
        return {}

    def pattern(self, value: Any, steps: Steps, in_each: bool) -> Pattern:
        """Parse a pattern."""
        entries = (
            (self.path(key, (*steps, key), in_each), self._matcher(wanted, (*steps, key)))
            for key, wanted in value.items()
            if key != "any"
        )
        alternatives = (
            self.pattern(alternative, (*steps, "any", index), in_each)
            for index, alternative in enumerate(value.get("any", []))
            if alternative is not None
        )
        return Pattern(tuple(entries), tuple(alternatives))

    def _parse(
        self, parse: Callable[[str], _Value], text: Any, steps: Steps, rule: str, fallback: _Value
    ) -> _Value:
        if not isinstance(text, str):
            return fallback
        try:
            return parse(text)
        except InvalidPath as error:
            self.file.add_problem(steps, rule, error.reason, error.advice)
            return fallback

    def _check_field(self, field: str, steps: Steps) -> None:
        if field in _RESERVED:
            reason = f"a row cannot write {field}: {_RESERVED[field]}"
            self.file.add_problem(steps, "reserved-target", reason)
        elif meant := _nearest_field(field):
            reason = f"RudderStack has no field {field!r}"
            self.file.add_problem(steps, "misspelt-target", reason, f"did you mean {meant}?")

    def _matcher(self, value: Any, steps: Steps) -> Matcher:
        if isinstance(value, list):
            return OneOf(tuple(self._matcher(element, (*steps, index)) for index, element in enumerate(value)))
        if not isinstance(value, dict):
            return Equals(value)
        words: dict[str, Callable[[Any, Steps], Matcher]] = {
            "exists": lambda expected, _: Exists(expected is True),
            "not": lambda inner, place: Not(self._matcher(inner, place)),
            "prefix": lambda text, place: Prefix(tuple(x for x, _ in _elements(text, place) if x is not None)),
            "ignore_case": lambda inner, place: IgnoreCase(casefold(self._matcher(inner, place))),
            "matches": lambda pattern, place: Matches(self._search(pattern, place)),
        }
        matchers = []
        for word, argument in value.items():
            if word in words:
                matchers.append(words[word](argument, (*steps, word)))
            else:
                advice = suggest(word, sorted(words)) + "; a deeper field is written with dots in the key"
                self.file.add_problem(
                    (*steps, word), "unknown-matcher", f"there is no matcher {word!r}", advice
                )
        return matchers[0] if len(matchers) == 1 else AllOf(tuple(matchers))

    def _search(self, pattern: Any, steps: Steps) -> Search:
        try:
            return compile_regex(str(pattern))
        except InvalidRegex as error:
            self.file.add_problem(steps, "bad-argument", str(error))
            return lambda _: False


def _nearest_field(field: str) -> str | None:
    """Return the known field that a top-level target nearly names, or None."""
    if field in FIELDS:
        return None
    plain = {known.lower(): known for known in FIELDS}
    close = get_close_matches(field.replace("_", "").lower(), plain, 1, 0.8)
    return plain[close[0]] if close else None


def _elements(value: Any, steps: Steps) -> list[tuple[Any, Steps]]:
    """List what is written either alone or as a list, each with the steps to it."""
    if isinstance(value, list):
        return [(element, (*steps, index)) for index, element in enumerate(value)]
    return [(value, steps)]
