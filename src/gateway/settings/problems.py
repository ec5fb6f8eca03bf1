"""Describes what is wrong with the settings, without ever repeating a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...core.errors import SpringheadError

KeyPath: TypeAlias = tuple[str | int, ...]
"""The way from the top of the file to a value: `("source", 0, "name")`."""


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One thing wrong with the settings: where, which key, why, and what to do. It never holds a value."""

    place: str
    key: str
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.place}:{key} {self.reason}" + (f" - {self.advice}" if self.advice else "")


class InvalidSettings(SpringheadError):  # noqa: N818 - the name says what is wrong
    """The gateway cannot start with these settings; `problems` holds all that is wrong with them."""

    def __init__(self, file: str, problems: Sequence[SettingsProblem]) -> None:
        super().__init__(file, problems)
        self.file = file
        self.problems: tuple[SettingsProblem, ...] = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.file} has {count} problem{'s' if count > 1 else ''}:"
        return "\n  ".join([head, *map(str, self.problems)])


def describe_key(path: KeyPath) -> str:
    """A key as a person finds it in the file: `[gateway] port`, `[[source]] 2 write_key`."""
    table, *rest = path or ("",)
    if rest and isinstance(rest[0], int):
        return " ".join([f"[[{table}]]", str(rest[0] + 1), *map(str, rest[1:2])])
    return f"[{table}] {rest[0]}" if rest else str(table)
