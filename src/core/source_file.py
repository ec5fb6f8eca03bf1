"""Reads the JSON files of a source folder, and says on which line each problem with them is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from .json_syntax import explain_syntax
from .json_value import Steps, deep_copy, pointer, type_name

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\],:"]+')


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing wrong with a source folder: where, which rule it breaks, why, and what to do."""

    file: str
    line: int
    pointer: str
    rule: str
    reason: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the problem as a JSON object."""
        return msgspec.structs.asdict(self)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" + (f" {self.pointer}" if self.pointer else "")
        return f"{place}: {self.reason} [{self.rule}]" + (f" - {self.advice}" if self.advice else "")


@dataclass(slots=True)
class SourceFile:
    """A JSON file of a source folder, and the problems found in it so far.

    `value` is None if the file could not be read as an object.
    """

    name: str
    value: dict[str, Any] | None = None
    text: str = ""
    problems: list[Problem] = field(default_factory=list)
    _lines: dict[str, int] | None = None

    def add_problem(self, steps: Steps, rule: str, reason: str, advice: str = "", line: int = 0) -> None:
        """Record a problem with the value at `steps`, on its line unless another is given."""
        place = pointer(*steps)
        self.problems.append(Problem(self.name, line or self.line(place), place, rule, reason, advice))

    def has_problem(self, steps: Steps) -> bool:
        """Whether a problem is recorded at this place or below it."""
        place = pointer(*steps)
        return any(p.pointer == place or p.pointer.startswith(place + "/") for p in self.problems)

    def usable_value(self) -> Any:
        """The value without the parts that have a problem, so that the rest can be checked further.

        A list keeps its length: None takes the place of a part left out.
        """
        value = deep_copy(self.value)
        for problem in self.problems:
            steps = [step.replace("~1", "/").replace("~0", "~") for step in problem.pointer.split("/")[1:]]
            if steps and problem.rule not in ("missing-key", "duplicate-key"):
                _remove(value, steps)
        return value

    def line(self, place: str) -> int:
        """Return the line of the value at a pointer."""
        if not place:
            return 1
        if self._lines is None:  # a file without problems never needs them
            self._lines, _ = _scan(self.text)
        return self._lines.get(place, 1)


def read_source_file(path: Path) -> SourceFile:
    """Read an author's JSON file; whatever keeps it from being an object is recorded as a problem."""
    file = SourceFile(path.name)
    try:
        file.text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        file.add_problem(
            (), "missing-file", f"{path.name} is missing", "every source has one: see docs/source-folder.md"
        )
    except (OSError, ValueError) as error:
        file.add_problem((), "unreadable-file", f"cannot be read as UTF-8 text: {error}")
    else:
        _parse(file)
    return file


def _parse(file: SourceFile) -> None:
    repeats = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        value = dict(pairs)
        repeats = repeats or len(value) < len(pairs)
        return value

    try:
        value = json.loads(file.text, object_pairs_hook=members, parse_constant=_reject_constant)
        # Neither a lone surrogate nor a number beyond float64 can go into an event.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        file.add_problem((), "json-syntax", "nested too deeply")
    except json.JSONDecodeError as error:
        mistake = explain_syntax(file.text, error)
        line = file.text.count("\n", 0, mistake.offset) + 1
        column = mistake.offset - file.text.rfind("\n", 0, mistake.offset)
        reason = f"not JSON: {mistake.reason} (column {column})"
        file.add_problem((), "json-syntax", reason, mistake.advice, line)
    except ValueError as error:
        file.add_problem((), "json-syntax", f"not JSON: {error}")
    else:
        for steps in _scan(file.text)[1] if repeats else ():
            file.add_problem(steps, "duplicate-key", f"the key {steps[-1]!r} is here twice", "keep one")
        if isinstance(value, dict):
            file.value = value
        else:
            file.add_problem((), "wrong-type", f"must be an object: it is {type_name(value)}")


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _scan(text: str) -> tuple[dict[str, int], list[Steps]]:
    """Find, in valid JSON, the line of every value by its pointer, and the keys repeated within an object."""
    lines: dict[str, int] = {}
    repeated: list[Steps] = []
    steps: list[str | int] = []
    keys: list[set[str] | None] = []  # of the objects that are open; None for a list
    key_is_next, line, counted_to = False, 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", counted_to, token.start())
        counted_to = token.start()
        first = text[counted_to]
        seen = keys[-1] if keys else None
        if key_is_next and seen is not None and first == '"':
            steps[-1] = key = json.loads(token.group())
            repeated += [tuple(steps)] if key in seen else []
            seen.add(key)
            key_is_next = False
        elif first == "," and seen is None:
            steps[-1] = int(steps[-1]) + 1
        elif first == ",":
            key_is_next = True
        elif first in "}]":
            steps.pop()
            keys.pop()
            key_is_next = False
        else:
            lines[pointer(*steps)] = line
            if first in "{[":
                keys.append(set() if first == "{" else None)
                steps.append("" if first == "{" else 0)
                key_is_next = first == "{"
    return lines, repeated


def _remove(value: Any, steps: list[str]) -> None:
    *above, last = steps
    for step in above:
        value = value.get(step) if isinstance(value, dict) else value[int(step)] if value else None
    if isinstance(value, dict):
        value.pop(last, None)
    elif isinstance(value, list):
        value[int(last)] = None
