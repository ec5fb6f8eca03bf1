"""Reads a settings file, fills in `${VARIABLES}`, and remembers the line of each key."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .problems import InvalidSettings, KeyPath, SettingsProblem, describe_key

_DOLLAR = re.compile(r"\$\$|\$\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TABLE = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")


@dataclass(slots=True)
class SettingsFile:
    """A settings file: its values, the lines of its keys, and the problems found while reading it."""

    path: str
    name: str
    values: dict[str, Any]
    lines: Mapping[KeyPath, int]
    problems: list[SettingsProblem] = field(default_factory=list)
    unset: list[KeyPath] = field(default_factory=list)
    """Values with a variable that is not set: there is no point in validating them."""

    def place(self, path: KeyPath) -> str:
        """File and line of a key, or of the nearest table around it."""
        known = (path[:end] for end in range(len(path), 0, -1))
        return f"{self.name}:{next((self.lines[part] for part in known if part in self.lines), 1)}"

    def problem(self, path: KeyPath, reason: str, advice: str = "") -> SettingsProblem:
        """A problem with the value of a key."""
        return SettingsProblem(self.place(path), describe_key(path), reason, advice)


def read_settings_file(path: Path) -> SettingsFile:
    """Read a TOML file and fill in environment variables: `${VAR}`, and `$$` for a dollar.

    A variable that is not set becomes one of the file's problems.

    Raises:
        InvalidSettings: the file is missing, cannot be read, or is not TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        values = tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        advice = "give the path of one, or write a first one: springhead gateway init"
        raise _unreadable(path, "there is no such file", advice) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise _unreadable(path, f"not valid TOML: {error}", line=line[1] if line else "1") from None
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {(error.strerror or type(error).__name__).lower()}") from None
    except ValueError:
        raise _unreadable(path, "is not UTF-8 text") from None
    file = SettingsFile(str(path), path.name, values, _lines(text))
    file.values = _substituted(values, (), file)
    return file


def _unreadable(path: Path, reason: str, advice: str = "", line: str = "1") -> InvalidSettings:
    return InvalidSettings(str(path), [SettingsProblem(f"{path.name}:{line}", "", reason, advice)])


def _substituted(value: Any, path: KeyPath, file: SettingsFile) -> Any:
    """The value with variables filled in, in all texts inside it."""
    if isinstance(value, str):
        return _DOLLAR.sub(lambda match: _variable(match[1], path, file), value)
    if isinstance(value, list):
        return [_substituted(element, (*path, index), file) for index, element in enumerate(value)]
    if isinstance(value, dict):
        return {key: _substituted(member, (*path, key), file) for key, member in value.items()}
    return value


def _variable(name: str | None, path: KeyPath, file: SettingsFile) -> str:
    """A variable's value, or a dollar for `$$`. A variable that is not set becomes a problem."""
    if name is None:
        return "$"
    is_name = _VARIABLE.fullmatch(name) is not None
    if is_name and name in os.environ:
        return os.environ[name]
    reason = f"the environment variable {name} is not set" if is_name else "${...} must hold a variable's name"
    file.problems.append(file.problem(path, reason, "set it, or write $$ for a dollar"))
    file.unset.append(path)
    return ""


def _lines(text: str) -> dict[KeyPath, int]:
    """The lines of tables and keys.

    It does not parse TOML: a key inside a multi-line string may mislead it, at the cost of a wrong line number.
    """
    lines: dict[KeyPath, int] = {}
    counts: Counter[str] = Counter()
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.match(line):
            first, *rest = (part.strip(" \t\"'") for part in head[2].split("."))
            counts[first] += head[1] == "[["
            table = (first, counts[first] - 1, *rest) if counts[first] else (first, *rest)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
    return lines
