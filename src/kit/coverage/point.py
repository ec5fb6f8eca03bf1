"""The points of a mapping that fixtures can run."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from ...core.json_value import Steps, pointer

NOT_RUN = "not-run"
"""The code of a waiver for points that no fixture can run."""

Key: TypeAlias = tuple[str, Steps, str]
"""What tells a point from all others: its file, the steps to it, and which way of several it is."""


class Point(msgspec.Struct, frozen=True):
    """A rule, a row, one way of a branch, or an entry of a table.

    Attributes:
        kind: what it is.
        key: identifies it.
        line: its line in the file.
        reason: what it means that no fixture runs it.
        advice: what to do then.
    """

    kind: Literal["rule", "row", "branch", "entry"]
    key: Key
    line: int
    reason: str
    advice: str

    def as_json(self) -> dict[str, Any]:
        """Return the point as a JSON object."""
        file, steps, _ = self.key
        place = {"file": file, "line": self.line, "pointer": pointer(*steps)}
        return {"kind": self.kind, **place, "reason": self.reason, "advice": self.advice}

    def __str__(self) -> str:
        file, steps, _ = self.key
        return f"{file}:{self.line} {pointer(*steps)}: {self.reason} - {self.advice}"


def key_of(steps: Steps, way: str = "") -> Key:
    """Return the key of a point of mapping.json."""
    return "mapping.json", steps, way


def entry_key(table: str, entry: str) -> Key:
    """Return the key of an entry of a table."""
    return f"{table}.json", (entry,), ""
