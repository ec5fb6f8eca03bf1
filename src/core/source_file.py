"""An author's JSON file: its text in, its value and the line of every part out, with what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .codec import copied, kind, pointer

_SPACE = " \t\r\n"
_read_value = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a source folder: where, which rule it breaks, why, and what to do."""

    file: str
    line: int
    pointer: str
    rule: str
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f" {self.pointer}" if self.pointer else "")
        return f"{place}: {self.reason} [{self.rule}]" + (f" - {self.advice}" if self.advice else "")


@dataclass(slots=True)
class Document:
    """A JSON file and the problems found in it so far."""

    file: str
    value: dict[str, Any] | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, where: tuple[str | int, ...], rule: str, reason: str, advice: str = "") -> None:
        """Note a problem at these steps from the top of the file."""
        place = pointer(*where)
        self.problems.append(Problem(self.file, self.lines.get(place, 1), place, rule, reason, advice))

    def sound(self) -> Any:
        """The value with its parts of a wrong kind left out, in lists None, so that the rest can be read."""
        value = copied(self.value)
        for problem in self.problems:
            steps = [step.replace("~1", "/").replace("~0", "~") for step in problem.pointer.split("/")[1:]]
            if steps and problem.rule not in ("missing-key", "duplicate-key"):
                _remove(value, steps)
        return value

    def spoilt(self, where: tuple[str | int, ...]) -> bool:
        """Whether a problem is noted at this place or below it."""
        place = pointer(*where)
        return any(p.pointer == place or p.pointer.startswith(place + "/") for p in self.problems)


def read_document(path: Path) -> Document:
    """Read an author's JSON file, an object; any other is a document with a problem and no value."""
    document = Document(path.name)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        document.problem(
            (), "missing-file", f"{path.name} is missing", "every source has one: see docs/sources.md"
        )
        return document
    except (OSError, ValueError) as error:
        document.problem((), "unreadable-file", f"cannot be read as UTF-8 text: {error}")
        return document
    lines: dict[str, int] = {}
    try:
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(
            value, ensure_ascii=False, allow_nan=False
        ).encode()  # no lone surrogate, no number past float64
        document.lines = lines
        _scan(text, _skip(text, 0), (), _Lines(text, lines), document)
    except RecursionError:
        document.problem((), "json-syntax", "nested too deeply")
    except json.JSONDecodeError as error:
        document.lines = {"": error.lineno}
        document.problem((), "json-syntax", f"not JSON: {error.msg} (column {error.colno})")
    except ValueError as error:
        document.problem((), "json-syntax", f"not JSON: {error}")
    else:
        if isinstance(value, dict):
            document.value = value
        else:
            document.problem((), "wrong-type", f"must be an object: it is {kind(value)}")
    return document


def _remove(value: Any, steps: list[str]) -> None:
    *above, last = steps
    for step in above:
        value = value.get(step) if isinstance(value, dict) else value[int(step)] if value else None
    if isinstance(value, dict):
        value.pop(last, None)
    elif isinstance(value, list):
        value[int(last)] = None


class _Lines:
    """Line numbers for rising positions in a text."""

    def __init__(self, text: str, lines: dict[str, int]) -> None:
        self.text, self.lines, self.at, self.line = text, lines, 0, 1

    def note(self, where: tuple[str | int, ...], at: int) -> None:
        self.line += self.text.count("\n", self.at, at)
        self.at = at
        self.lines[pointer(*where)] = self.line


def _scan(text: str, at: int, where: tuple[str | int, ...], lines: _Lines, document: Document) -> int:
    """Note the line of the value at `at` and of all below it; the text is known to be valid JSON."""
    lines.note(where, at)
    if text[at] not in "{[":
        return _read_value(text, at)[1]
    is_object = text[at] == "{"
    at = _skip(text, at + 1)
    seen: set[str] = set()
    count = 0
    while text[at] not in "}]":
        step: str | int = count
        if is_object:
            key, end = _read_value(text, at)
            step = key
            if key in seen:
                lines.note((*where, key), at)
                document.problem((*where, key), "duplicate-key", f"the key {key!r} is here twice", "keep one")
            seen.add(key)
            at = _skip(text, _skip(text, end) + 1)
        at = _skip(text, _scan(text, at, (*where, step), lines, document))
        count += 1
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
