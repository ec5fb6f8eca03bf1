"""A settings file: its text in; its values with each `${VAR}` filled in, and the lines of its keys, out."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ...core.errors import SpringheadError

Steps: TypeAlias = tuple[str | int, ...]
"""The way from the top of the file to a value: `("source", 0, "name")`."""

_DOLLAR = re.compile(r"\$\$|\$\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TABLE = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")


@dataclass(frozen=True, slots=True)
class Slip:
    """One thing wrong with the settings: where, which key, why, and what to do. It never holds a value."""

    place: str
    key: str
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.place}:{key} {self.reason}" + (f" - {self.advice}" if self.advice else "")


class InvalidSettings(SpringheadError):  # noqa: N818 - the name says what is wrong
    """Settings a gateway cannot start with, with all their problems."""

    def __init__(self, file: str, problems: Sequence[Slip]) -> None:
        super().__init__(file, problems)
        self.file = file
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.file} has {count} problem{'s' if count > 1 else ''}:"
        return "\n  ".join([head, *map(str, self.problems)])


@dataclass(slots=True)
class SettingsFile:
    """A settings file, read: its values, the lines of its keys, and the problems met on the way."""

    path: str
    name: str
    values: dict[str, Any]
    lines: Mapping[Steps, int]
    problems: list[Slip] = field(default_factory=list)
    unset: list[Steps] = field(default_factory=list)
    """Where a variable could not be filled in, so that what stands there says nothing."""

    def place(self, where: Steps) -> str:
        """File and line of the value at these steps, or of the nearest above it."""
        known = (where[:end] for end in range(len(where), 0, -1))
        return f"{self.name}:{next((self.lines[steps] for steps in known if steps in self.lines), 1)}"


def read_settings_file(path: Path) -> SettingsFile:
    """Read a TOML file and fill in the environment's variables: `${VAR}`, and `$$` for a dollar.

    Raises:
        InvalidSettings: the file is missing, unreadable, or no TOML. An unset variable is noted as a problem.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        values = tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        advice = "give the path of one, or write a first one: springhead gateway init"
        raise _unreadable(path, "there is no such file", advice) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise _unreadable(path, f"no TOML: {error}", line=line[1] if line else "1") from None
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {(error.strerror or type(error).__name__).lower()}") from None
    except ValueError:
        raise _unreadable(path, "is no UTF-8 text") from None
    file = SettingsFile(str(path), path.name, values, _lines(text))
    file.values = _filled(values, (), file)
    return file


def titled(where: Steps) -> str:
    """How a person finds these steps in the file: `[gateway] port`, `[[source]] 2 write_key`."""
    head, *rest = where or ("",)
    if rest and isinstance(rest[0], int):
        return " ".join([f"[[{head}]]", str(rest[0] + 1), *map(str, rest[1:2])])
    return f"[{head}] {rest[0]}" if rest else str(head)


def _unreadable(path: Path, reason: str, advice: str = "", line: str = "1") -> InvalidSettings:
    return InvalidSettings(str(path), [Slip(f"{path.name}:{line}", "", reason, advice)])


def _filled(value: Any, where: Steps, file: SettingsFile) -> Any:
    if isinstance(value, str):
        return _DOLLAR.sub(_filler(where, file), value)
    if isinstance(value, list):
        return [_filled(element, (*where, index), file) for index, element in enumerate(value)]
    if isinstance(value, dict):
        return {key: _filled(member, (*where, key), file) for key, member in value.items()}
    return value


def _filler(where: Steps, file: SettingsFile) -> Callable[[re.Match[str]], str]:
    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "$"
        if name in os.environ and _VARIABLE.fullmatch(name):
            return os.environ[name]
        reason, advice = f"the environment variable {name} is not set", "set it, or write $$ for a dollar"
        if not _VARIABLE.fullmatch(name):
            reason = "${...} holds no variable's name"
        file.problems.append(Slip(file.place(where), titled(where), reason, advice))
        file.unset.append(where)
        return ""

    return fill


def _lines(text: str) -> dict[Steps, int]:
    """The lines of tables and keys. A key inside a text of several lines may fool it: a line only guides."""
    lines: dict[Steps, int] = {}
    counts: Counter[str] = Counter()
    here: Steps = ()
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            head, *rest = (step.strip(" \t\"'") for step in table[2].split("."))
            counts[head] += table[1] == "[["
            here = (head, counts[head] - 1, *rest) if counts[head] else (head, *rest)
            lines.setdefault(here, number)
        elif key := _KEY.match(line):
            lines.setdefault((*here, key[1]), number)
    return lines
