"""Holds what rows write against RudderStack's event spec."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ...core.json_value import Steps
from ...core.mapping.model import DROP, FIELDS, Row, Rule
from ...core.mapping.path import Target
from ...core.suggest import suggest
from .event_spec import CONTEXT, REQUIRED, TRAITS, TYPES_WITH_FIELD
from .subject import Subject


def check(subject: Subject) -> None:
    """Record targets that the event spec does not know, or not for these events, and those that are missing."""
    types_of_row: dict[Steps, tuple[Row, set[str | None]]] = {}
    for index, rule in enumerate(subject.parsed.rules):
        for row in rule.rows:
            types_of_row.setdefault(row.steps, (row, set()))[1].add(rule.type)
        _check_required(subject, rule, index)
    for row, types in types_of_row.values():
        for target, place in _placed_targets(subject, row):
            _check_target(subject, target, place, types - {DROP})


def _check_target(subject: Subject, target: Target, steps: Steps, types: set[str | None]) -> None:
    field, *members = target.keys
    allowed = TYPES_WITH_FIELD.get(field)
    if unknown := _unknown(target):
        reason, advice = unknown
        subject.mapping.add_problem(steps, "unknown-target", reason, advice)
    elif allowed and types and None not in types and not types & set(allowed):
        kinds = " and ".join(sorted(str(kind) for kind in types))
        advice = _instead(field, members)
        reason = f"{kinds} events have no {field}: {' and '.join(allowed)} events do"
        subject.mapping.add_problem(steps, "wrong-target", reason, advice)


def _check_required(subject: Subject, rule: Rule, index: int) -> None:
    written = {target.keys[0] for row in rule.rows for target in row.to}
    for field in () if rule.passthrough else REQUIRED.get(rule.type or "", ()):
        if field not in written:
            reason = f"no row gives this {rule.type} event its {field}"
            advice = f'add a row: {{"from": ..., "to": "{field}"}}'
            subject.mapping.add_problem(("events", index), "missing-target", reason, advice)


def _unknown(target: Target) -> tuple[str, str] | None:
    """Say why the event spec does not know a target, and what to write; None if it does."""
    field, *members = target.keys
    if field not in FIELDS:
        near = get_close_matches(field.lower(), FIELDS, 1, 0.6)
        meant = ".".join([near[0], *members]) if near else f"properties.{target.text}"
        return f"RudderStack's events have no field {field!r}", f"did you mean {meant}?"
    if field == "context" and members and (unknown := _unknown_in_context(members)):
        return unknown
    prefix = "traits" if field == "traits" else "context.traits"
    trait = target.text.removeprefix(f"{prefix}.").split(".")[0]
    if target.text.startswith(f"{prefix}.") and (trait_meant := _misspelt_trait(trait)):
        return f"{trait!r} is nearly the trait {trait_meant!r}", f"did you mean {prefix}.{trait_meant}?"
    return None


def _unknown_in_context(members: list[str]) -> tuple[str, str] | None:
    name, *inner = members
    if name not in CONTEXT:
        near = get_close_matches(name, CONTEXT, 1, 0.6)
        meant = ".".join(["context", *near, *inner])
        advice = f"did you mean {meant}?" if near else "write what is your own below properties"
        return f"the event spec has no context.{name}", advice
    known = CONTEXT[name]
    if inner and known and inner[0] not in known:
        return f"the event spec has no context.{name}.{inner[0]}", suggest(inner[0], list(known))
    return None


def _misspelt_trait(name: str) -> str | None:
    if name in TRAITS:
        return None
    plain = {trait.lower(): trait for trait in TRAITS}
    near = get_close_matches(name.replace("_", "").lower(), plain, 1, 0.8)
    return plain[near[0]] if near else None


def _instead(field: str, members: list[str]) -> str:
    rest = ".".join(members)
    if field == "traits":
        return f"write context.traits.{rest}" if rest else "write context.traits"
    if field == "properties":
        return f"write traits.{rest}" if rest else "write traits"
    return f"write properties.{field}, or move the row to the rule it is for"


def _placed_targets(subject: Subject, row: Row) -> Iterator[tuple[Target, Steps]]:
    """List the targets of a row, each with its place."""
    written = subject.at(row.steps).get("to")
    for index, target in enumerate(row.to):
        yield target, (*row.steps, "to", index) if isinstance(written, list) else (*row.steps, "to")
