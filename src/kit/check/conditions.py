"""Finds conditions that no value satisfies that schema.json allows."""

from __future__ import annotations

from difflib import get_close_matches

from ...core.json_value import json_equal
from ...core.mapping.path import Path
from ...core.mapping.pattern import Matcher
from .function_types import names_of
from .implication import accepted_types, allowed_values
from .places import placed_paths, placed_rows
from .shape import Shape
from .subject import Subject


def check(subject: Subject) -> None:
    """Record values that the schema does not list, and types that it excludes."""
    for placed in placed_paths(subject, placed_rows(subject)):
        shape = placed.context.shape_of(placed.path)
        if placed.matcher is None or shape is None:
            continue
        found = _strange_value(shape, placed.matcher, placed.path) or _wrong_type(shape, placed.matcher)
        if found:
            reason, advice = found
            subject.mapping.add_problem(placed.steps, "impossible-match", reason, advice)


def _strange_value(shape: Shape, matcher: Matcher, path: Path) -> tuple[str, str] | None:
    """Say which value the schema does not list; null also means absent, so it may always be asked for."""
    wanted, known = allowed_values(matcher) or (), shape.values
    for value in wanted if known is not None else ():
        if value is not None and not any(json_equal(value, other) for other in known or ()):
            near = get_close_matches(str(value), map(str, known or ()), 1, 0.6)
            advice = f"did you mean {near[0]}?" if near else "see schema.json for the values there are"
            return f"schema.json does not allow {value!r} at {path.text}", advice
    return None


def _wrong_type(shape: Shape, matcher: Matcher) -> tuple[str, str] | None:
    types = accepted_types(matcher)
    if not types or not shape.types or types & shape.types:
        return None
    reason = f"this asks for {names_of(types)}, but schema.json says {names_of(shape.types)}"
    return reason, "compare with a value of that type"
