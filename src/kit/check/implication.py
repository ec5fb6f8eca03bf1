"""Compares patterns: which hold whenever others hold, and which can never hold."""

from __future__ import annotations

from typing import Any

from ...core.mapping.path import Path
from ...core.mapping.pattern import (
    AllOf,
    Equals,
    Exists,
    IgnoreCase,
    Matcher,
    Matches,
    OneOf,
    Pattern,
    Prefix,
    holds,
)
from .shape import Types, types_of_value

_TEXT: Types = frozenset({"string"})


def implies(specific: Pattern, general: Pattern) -> bool:
    """Whether every record that satisfies the one pattern satisfies the other. False if it cannot be told."""
    if specific.any and all(
        implies(Pattern(specific.entries + inner.entries, inner.any), general) for inner in specific.any
    ):
        return True
    held = all(
        any(_entry_implies(entry, (path, wanted)) for entry in specific.entries)
        for path, wanted in general.entries
    )
    return held and (not general.any or any(implies(specific, inner) for inner in general.any))


def contradicts(pattern: Pattern) -> bool:
    """Whether no record can satisfy a pattern. False if it cannot be told."""
    if any(_contradicts(matcher) for _, matcher in pattern.entries):
        return True
    for position, (path, matcher) in enumerate(pattern.entries):
        for other, wanted in pattern.entries[position + 1 :]:
            is_one_value = path == other and not path.stars
            if is_one_value and _disjoint(matcher, wanted):
                return True
    return bool(pattern.any) and all(
        contradicts(Pattern(pattern.entries + inner.entries, inner.any)) for inner in pattern.any
    )


def allowed_values(matcher: Matcher) -> list[Any] | None:
    """List the only values that satisfy a matcher; None if there are others."""
    match matcher:
        case Equals(value):
            return [value]
        case OneOf(matchers):
            lists = [allowed_values(inner) for inner in matchers]
            return None if None in lists else [value for found in lists for value in found or ()]
        case AllOf(matchers):
            return next((found for inner in matchers if (found := allowed_values(inner)) is not None), None)
    return None


def accepted_types(matcher: Matcher) -> Types:
    """Return the types that can satisfy a matcher; None if any can, or null."""
    match matcher:
        case Equals(value):
            return types_of_value(value)
        case Prefix() | Matches() | IgnoreCase():
            return _TEXT
        case OneOf(matchers):
            found = [accepted_types(inner) for inner in matchers]
            return None if None in found else frozenset().union(*(types or () for types in found))
        case AllOf(matchers):
            return next((types for inner in matchers if (types := accepted_types(inner))), None)
    return None


def _entry_implies(specific: tuple[Path, Matcher], general: tuple[Path, Matcher]) -> bool:
    """Whether one condition implies another; of those on many values only the same are compared."""
    (path, matcher), (other, wanted) = specific, general
    return path == other and (matcher == wanted or (not path.stars and _implies(matcher, wanted)))


def _implies(specific: Matcher, general: Matcher) -> bool:
    if specific == general:
        return True
    values = allowed_values(specific)
    if values is not None:
        return all(holds(general, value) for value in values)
    if isinstance(general, OneOf):
        return any(_implies(specific, inner) for inner in general.matchers)
    if isinstance(specific, AllOf):
        return any(_implies(inner, general) for inner in specific.matchers)
    if isinstance(general, Exists) and general.expected:
        return isinstance(specific, Prefix | Matches | IgnoreCase)
    if isinstance(specific, Prefix) and isinstance(general, Prefix):
        return all(text.startswith(general.prefixes) for text in specific.prefixes)
    return False


def _contradicts(matcher: Matcher) -> bool:
    """Whether the matchers of one object exclude each other."""
    if not isinstance(matcher, AllOf):
        return False
    pairs = [(one, other) for one in matcher.matchers for other in matcher.matchers if one is not other]
    return any(_disjoint(one, other) for one, other in pairs)


def _disjoint(one: Matcher, other: Matcher) -> bool:
    """Whether no value satisfies both."""
    for first, second in ((one, other), (other, one)):
        values = allowed_values(first)
        if values is not None:
            return not any(holds(second, value) for value in values)
        if isinstance(first, Exists) and not first.expected:
            return isinstance(second, Prefix | Matches | IgnoreCase) or second == Exists(expected=True)
    return False
