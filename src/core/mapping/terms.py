"""The words inside a row: paths, targets, templates, functions, tables and patterns, each from text to value.

What cannot be read is noted on the document, and something harmless takes its place, so that reading goes on
and every problem is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

from ..ids import Namespace
from ..regex import ExpressionError, expression
from ..source_file import Document
from ..suggest import suggest
from .functions import FUNCTIONS, Apply, ArgumentError
from .model import FIELDS
from .path import Path, PathError, Target, parse_path, parse_target
from .pattern import AllOf, Equals, Exists, IgnoreCase, Matcher, Matches, Not, OneOf, Pattern, Prefix, folded

Steps: TypeAlias = tuple[str | int, ...]
"""The steps from the top of the file."""

_Value = TypeVar("_Value")

_RESERVED = {
    "type": "the rule's type says it",
    "event": "the rule's event says it",
    "messageId": "it is derived from the record, so that a retry is the same message",
}
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])")


@dataclass(slots=True)
class Words:
    """Reads the words of one mapping file. `inside` says that the place is below an `each`."""

    document: Document
    tables: Mapping[str, Any]
    namespace: Namespace

    def template(self, text: Any, where: Steps, inside: bool) -> list[str | Path]:
        """The parts of a template: texts, and the paths between braces."""
        parts: list[str | Path] = []
        at = 0
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

    def path(self, text: Any, where: Steps, inside: bool = False) -> Path:
        """A path."""
        path = self.parsed(parse_path, text, where, "bad-path", Path("", "", ()))
        if path.root == "$parent" and not inside:
            self.document.problem(where, "parent-outside-each", "$parent is what holds the element of an each")
        return path

    def plain_paths(self, value: Any, where: Steps) -> tuple[Path, ...]:
        """Paths inside a copied object: without a root."""
        texts = _listed(value)
        paths = []
        for index, text in enumerate(texts):
            place = (*where, index) if isinstance(value, list) else where
            path = self.path(text, place)
            if path.text and (path.root or not path.keys):
                self.document.problem(place, "bad-path", f"{text!r} must be a path inside the copied object")
            else:
                paths.append(path)
        return tuple(paths)

    def targets(self, value: Any, where: Steps) -> tuple[Target, ...]:
        """Where a row writes."""
        texts = _listed(value)
        targets = []
        for index, text in enumerate(texts):
            place = (*where, index) if isinstance(value, list) else where
            target = self.parsed(parse_target, text, place, "bad-target", Target("", ("",)))
            reason = _RESERVED.get(target.keys[0])
            if reason is not None and "each" not in where:  # the rows of an each write elements, not events
                self.document.problem(place, "reserved-target", f"no row writes {target.keys[0]}: {reason}")
            elif (meant := _meant(target.keys[0])) and "each" not in where:
                self.document.problem(
                    place,
                    "misspelt-target",
                    f"RudderStack has no field {target.keys[0]!r}",
                    f"did you mean {meant}?",
                )
            targets.append(target)
        return tuple(targets)

    def parsed(
        self, parse: Callable[[str], _Value], text: Any, where: Steps, rule: str, fallback: _Value
    ) -> _Value:
        """What `parse` makes of a text; where it raises, the problem, and `fallback`."""
        if not isinstance(text, str):
            return fallback
        try:
            return parse(text)
        except PathError as error:
            self.document.problem(where, rule, str(error))
            return fallback

    def functions(self, value: Any, where: Steps) -> list[Apply]:
        """The functions of an `apply`, ready to call."""
        made = []
        for index, call in enumerate(_listed(value)):
            if call is None:
                continue
            place = (*where, index) if isinstance(value, list) else where
            name, argument = next(iter(call.items()), ("", None)) if isinstance(call, dict) else (call, None)
            make = FUNCTIONS.get(name) if isinstance(name, str) else None
            if make is None:
                self.document.problem(
                    place, "unknown-function", f"{name!r} is no function", suggest(str(name), list(FUNCTIONS))
                )
                continue
            try:
                made.append(make(argument, self.namespace))
            except ArgumentError as error:
                self.document.problem(place, "bad-argument", str(error))
        return made

    def table(self, name: Any, where: Steps) -> dict[str, Any]:
        """A table by name."""
        if isinstance(name, str) and name in self.tables:
            table: dict[str, Any] = self.tables[name]
            return table
        self.document.problem(
            where,
            "unknown-table",
            f"there is no table {name!r}",
            suggest(str(name), sorted(self.tables)) or f"put {name}.json into the folder",
        )
        return {}

    def pattern(self, value: Any, where: Steps, inside: bool) -> Pattern:
        """A pattern."""
        entries = tuple(
            (self.path(key, (*where, key), inside), self.matcher(wanted, (*where, key)))
            for key, wanted in value.items()
            if key != "any"
        )
        return Pattern(
            entries,
            tuple(
                self.pattern(one, (*where, "any", index), inside)
                for index, one in enumerate(value.get("any", []))
                if one is not None
            ),
        )

    def matcher(self, value: Any, where: Steps) -> Matcher:
        """What must hold at a path."""
        if isinstance(value, list):
            return OneOf(tuple(self.matcher(one, (*where, index)) for index, one in enumerate(value)))
        if not isinstance(value, dict):
            return Equals(value)
        words: dict[str, Callable[[Any, Steps], Matcher]] = {
            "exists": lambda expected, _: Exists(expected is True),
            "not": lambda inner, place: Not(self.matcher(inner, place)),
            "prefix": lambda text, _: Prefix(tuple(one for one in _listed(text) if one is not None)),
            "ignore_case": lambda inner, place: IgnoreCase(folded(self.matcher(inner, place))),
            "matches": lambda pattern, place: Matches(self.expression(pattern, place)),
        }
        matchers = []
        for word, argument in value.items():
            if word in words:
                matchers.append(words[word](argument, (*where, word)))
            else:
                self.document.problem(
                    (*where, word),
                    "unknown-matcher",
                    f"{word!r} is no matcher",
                    suggest(word, sorted(words)) + "; a deeper field is written with dots in the key",
                )
        return matchers[0] if len(matchers) == 1 else AllOf(tuple(matchers))

    def expression(self, pattern: Any, where: Steps) -> Any:
        """An RE2 expression, compiled."""
        try:
            return expression(pattern)
        except ExpressionError as error:
            self.document.problem(where, "bad-argument", str(error))
            return None


def _meant(field: str) -> str | None:
    """The field that a top-level target nearly names, or None."""
    if field in FIELDS:
        return None
    plain = {known.lower(): known for known in FIELDS}
    close = get_close_matches(field.replace("_", "").lower(), plain, 1, 0.8)
    return plain[close[0]] if close else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
