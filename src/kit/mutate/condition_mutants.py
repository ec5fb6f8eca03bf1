"""Lists the changes of a condition: entries, alternatives and values removed, expressions loosened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from ...core.json_value import Steps
from ..quote import quote
from ..wording import condition, satisfied
from .expressions import looser_expressions
from .mutant import removed, replaced

_When: TypeAlias = dict[str, Any]
_TRUE: _When = {"$item": {"exists": True}}
"""Holds for every record. Without a `when`, a rule would make those after it unreachable."""


class ConditionChange(msgspec.Struct, frozen=True):
    """A condition with something changed at `steps`; the rest is as in `Mutant`."""

    code: str
    steps: Steps
    when: _When
    change: str
    record: str


def condition_changes(when: _When) -> Iterator[ConditionChange]:
    """List the changes of a whole `when`."""
    for path, wanted in when.items():
        if path != "any":
            yield from _entry_changes(when, path, wanted)
    alternatives = when.get("any", [])
    for index, alternative in enumerate(alternatives):
        steps: Steps = ("any", index)
        without = removed(when, steps if len(alternatives) > 1 else ("any",)) or _TRUE
        record = f"a record for which, of these alternatives, only this one holds: {satisfied(alternative)}"
        yield ConditionChange("remove-condition", steps, without, "without this alternative", record)
        for inner in condition_changes(alternative):
            changed = replaced(when, steps, inner.when)
            record = f"{inner.record}, while no other alternative holds"
            yield ConditionChange(inner.code, (*steps, *inner.steps), changed, inner.change, record)


def _entry_changes(when: _When, path: str, wanted: Any) -> Iterator[ConditionChange]:
    rest = removed(when, (path,))
    also = ", and all other conditions hold" if rest else ""
    record = f"a record in which {condition(path, wanted, holds=False)}{also}"
    change = f"without the condition that {condition(path, wanted)}"
    yield ConditionChange("remove-condition", (path,), rest or _TRUE, change, record)
    for steps, other, how, shown in _matcher_changes(path, wanted):
        changed = replaced(when, (path, *steps), other) if steps else {**when, path: other}
        yield ConditionChange(
            "change-condition", (path, *steps), changed, how, f"a record in which {shown}{also}"
        )


def _matcher_changes(path: str, wanted: Any) -> Iterator[tuple[Steps, Any, str, str]]:
    """List the changes of what an entry asks for: where, what stands there then, the change and the record."""
    if isinstance(wanted, list):
        yield from _without_each(path, wanted, ())
    for word, argument in wanted.items() if isinstance(wanted, dict) else ():
        if len(wanted) > 1:
            holds = condition(path, {word: argument}, holds=False)
            yield (), removed(wanted, (word,)), f"without {word}", f"{holds}, and the rest of it holds"
        if word == "not":
            for steps, other, how, shown in _matcher_changes(path, argument):
                yield (word, *steps), other, how, shown
        elif word == "ignore_case":
            yield (), argument, "without ignore_case", f"{path} is {quote(argument)} in another case"
        elif word == "prefix" and isinstance(argument, list):
            yield from _without_each(path, argument, (word,))
        elif word == "matches":
            for other, shown in looser_expressions(str(argument)):
                yield (word,), other, f"with {quote(other)} in matches", f"{path} {shown}"


def _without_each(path: str, values: list[Any], steps: Steps) -> Iterator[tuple[Steps, Any, str, str]]:
    for index, value in enumerate(values if len(values) > 1 else ()):
        rest = values[:index] + values[index + 1 :]
        verb = "starts with" if steps else "is"
        yield steps, rest, f"without {quote(value)}", f"{path} {verb} {quote(value)}"
