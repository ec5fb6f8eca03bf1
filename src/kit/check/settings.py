"""Finds settings of a source that are read as two types, or named like one of springhead's own."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ...core.json_value import Steps
from ...core.mapping.pattern import AllOf, Equals, IgnoreCase, Matcher, Matches, Not, OneOf, Prefix
from .places import placed_paths, placed_rows
from .subject import Subject

_OWN = ("redact", "allow_headers", "allow_query", "signing_secret")
"""Settings that springhead itself reads."""


def check(subject: Subject) -> None:
    """Record each setting that has such a problem, once."""
    types: dict[str, str] = {}
    checked: set[str] = set()
    for placed in placed_paths(subject, placed_rows(subject)):
        if placed.path.root != "$config" or not placed.path.keys:
            continue
        name = placed.path.keys[0]
        if name not in checked:
            _check_name(subject, name, placed.steps)
        checked.add(name)
        kinds = list(_kinds(placed.matcher)) if placed.matcher else ["text"] * ("template" in placed.steps)
        for kind in kinds:
            if types.setdefault(name, kind) != kind:
                reason = f"the setting {name} is read as {kind} here, and as {types[name]} before"
                subject.mapping.add_problem(placed.steps, "setting-types", reason, "make two settings of it")
                types[name] = kind


def _check_name(subject: Subject, name: str, steps: Steps) -> None:
    near = get_close_matches(name.lower(), _OWN, 1, 0.8)
    if near:
        is_own = f"{name} is a setting of springhead itself"
        reason = is_own if name == near[0] else f"{name} is easily mistaken for springhead's setting {near[0]}"
        subject.mapping.add_problem(steps, "setting-name", reason, "give the source's setting another name")


def _kinds(matcher: Matcher) -> Iterator[str]:
    match matcher:
        case Equals(bool()):
            yield "true or false"
        case Equals(int() | float()):
            yield "a number"
        case Equals(str()) | Prefix() | Matches() | IgnoreCase():
            yield "text"
        case Not(inner):
            yield from _kinds(inner)
        case OneOf(matchers) | AllOf(matchers):
            for inner in matchers:
                yield from _kinds(inner)
