"""Finds rows that can never win, because an earlier row always writes the same target first."""

from __future__ import annotations

from typing import Any

from ...core.codec import encode
from ...core.json_value import Steps, pointer
from ...core.mapping.interpret import Scope, matches, row_value
from ...core.mapping.model import DROP, Constant, FirstOf, Read, Row, Rule
from ...core.mapping.write import write
from .function_types import function_name
from .places import contexts
from .subject import Subject

_MAY_GIVE_OBJECTS = {"flatten", "json", "pairs", "query"}
"""Functions that may make an object, which adds to the object that an earlier row wrote."""


def check(subject: Subject) -> None:
    """Record rows that never win in any of the rules that have them."""
    beaten = _beaten(subject)
    for steps, (row, winner) in beaten.items():
        reason = f"an earlier row ({pointer(*winner)}) always writes {row.to[0].text} first"
        advice = "remove one of them, or put the one that should win first"
        subject.mapping.add_problem(steps, "never-wins", reason, advice)
    _check_fixtures(subject, set(beaten))


def _beaten(subject: Subject) -> dict[Steps, tuple[Row, Steps]]:
    """Return the rows that are beaten in every rule, each with the place of a row that beats it."""
    beaten: dict[Steps, tuple[Row, Steps]] = {}
    unbeaten: set[Steps] = set()
    for rule in subject.parsed.rules:
        rows = rule.rows if rule.type != DROP else ()
        for position, row in enumerate(rows):
            written = subject.at(row.steps)
            winners = [earlier.steps for earlier in rows[:position] if _beats(earlier, row, written)]
            if winners:
                beaten[row.steps] = (row, winners[0])
            else:
                unbeaten.add(row.steps)
    return {steps: found for steps, found in beaten.items() if steps not in unbeaten}


def _beats(earlier: Row, later: Row, written: dict[str, Any]) -> bool:
    """Whether an earlier row has a value for all targets of a later one, whenever that has one."""
    targets = {target.keys for target in earlier.to if not target.append}
    if not all(target.keys in targets and not target.append for target in later.to):
        return False
    if earlier.when is not None and earlier.when != later.when:
        return False
    return _has_constant(earlier) or _covers(earlier, later, written)


def _has_constant(row: Row) -> bool:
    """Whether a row always has a value, and no object, which a later one could add to."""
    match row.origin:
        case Constant(value) if value is not None and not isinstance(value, dict):
            return not (row.apply or row.each or row.lookup or row.omit or row.pick)
    fallback = row.fallback
    return fallback is not None and fallback.when is None and _has_constant(fallback)


def _covers(earlier: Row, later: Row, written: dict[str, Any]) -> bool:
    """Whether an earlier row reads as it is what a later one reads, and does something with perhaps."""
    if earlier.each or earlier.apply or earlier.lookup is not None or earlier.omit or earlier.pick:
        same = (earlier.origin, earlier.apply, earlier.lookup, earlier.omit, earlier.pick, earlier.each)
        return same == (later.origin, later.apply, later.lookup, later.omit, later.pick, later.each)
    calls = written.get("apply", [])
    names = {function_name(call) for call in (calls if isinstance(calls, list) else [calls])}
    if later.lookup is not None or names & _MAY_GIVE_OBJECTS:
        return False
    if isinstance(earlier.origin, Read | FirstOf) and isinstance(later.origin, Read | FirstOf):
        reads_empty = isinstance(earlier.origin, Read) or isinstance(later.origin, FirstOf)
        return reads_empty and set(later.origin_paths()) <= set(earlier.origin_paths()) and not later.fallback
    return earlier.origin == later.origin and not later.fallback


def _check_fixtures(subject: Subject, known: set[Steps]) -> None:
    """Record rows that have a value in some fixture, but change no event."""
    won: dict[Steps, bool] = {}
    rows: dict[Steps, Row] = {}
    for rule, context in zip(subject.parsed.rules, contexts(subject), strict=True):
        if rule.type == DROP or rule.passthrough is not None:
            continue
        rows.update({row.steps: row for row in rule.rows})
        for scope in context.scopes:
            if rule.when is None or matches(rule.when, _outer(scope, rule)):
                _run(rule.rows, scope, won)
    for steps, has_won in won.items():
        if not has_won and steps not in known:
            target = rows[steps].to[0].text
            reason = f"in every fixture an earlier row has already written {target}"
            advice = "order the rows by precedence, or add a fixture in which this one wins"
            subject.mapping.add_problem(steps, "never-wins", reason, advice)


def _outer(scope: Scope, rule: Rule) -> Scope:
    """Return the scope of the rule's condition, which reads the record even if the rows read elements."""
    return scope if rule.each is None else Scope(scope.parent, scope.item, scope.request, scope.config)


def _run(rows: tuple[Row, ...], scope: Scope, won: dict[Steps, bool]) -> None:
    event: dict[str, object] = {}
    inner = Scope(scope.record, scope.item, scope.request, scope.config, scope.parent, event)
    for row in rows:
        value = row_value(row, inner)
        if value is None:
            continue
        before = b"" if won.get(row.steps) else encode(event)
        for target in row.to:
            write(event, target, value)
        won[row.steps] = won.get(row.steps, False) or encode(event) != before
