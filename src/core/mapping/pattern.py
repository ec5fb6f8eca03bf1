"""Patterns: conditions on the values at paths, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..codec import same

if TYPE_CHECKING:
    from .path import Path


@dataclass(frozen=True, slots=True)
class Equals:
    """The value is this scalar; null also stands for absent."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of these holds."""

    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these hold."""

    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """There is a value (`""`, 0 and false are values), or there is none."""

    expected: bool


@dataclass(frozen=True, slots=True)
class Not:
    """This does not hold."""

    matcher: Matcher


@dataclass(frozen=True, slots=True)
class Prefix:
    """The value is text that starts with any of these."""

    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IgnoreCase:
    """The case-folded text matches; `matcher` is folded already."""

    matcher: Matcher


@dataclass(frozen=True, slots=True)
class Matches:
    """The value is text in which this RE2 expression is found."""

    expression: Any


Matcher: TypeAlias = Equals | OneOf | AllOf | Exists | Not | Prefix | IgnoreCase | Matches


@dataclass(frozen=True, slots=True)
class Pattern:
    """All entries hold, and of each `any` at least one pattern."""

    entries: tuple[tuple[Path, Matcher], ...]
    any: tuple[Pattern, ...] = ()

    def paths(self) -> Iterator[Path]:
        """All paths the pattern reads."""
        yield from (path for path, _ in self.entries)
        for one in self.any:
            yield from one.paths()


def holds(matcher: Matcher, value: Any) -> bool:
    """Whether `value` (None where absent) satisfies `matcher`."""
    match matcher:
        case Equals(expected):
            return same(value, expected)
        case OneOf(matchers):
            return any(holds(one, value) for one in matchers)
        case AllOf(matchers):
            return all(holds(one, value) for one in matchers)
        case Exists(expected):
            return (value is not None) is expected
        case Not(inner):
            return not holds(inner, value)
        case Prefix(prefixes):
            return isinstance(value, str) and value.startswith(prefixes)
        case IgnoreCase(inner):
            return isinstance(value, str) and holds(inner, value.casefold())
        case Matches(expression):
            return isinstance(value, str) and expression.search(value) is not None


def folded(matcher: Matcher) -> Matcher:
    """The same matcher with its texts case-folded, for the inside of `ignore_case`."""
    match matcher:
        case Equals(str() as text):
            return Equals(text.casefold())
        case Prefix(prefixes):
            return Prefix(tuple(prefix.casefold() for prefix in prefixes))
        case OneOf(matchers):
            return OneOf(tuple(folded(one) for one in matchers))
        case AllOf(matchers):
            return AllOf(tuple(folded(one) for one in matchers))
        case Not(inner):
            return Not(folded(inner))
    return matcher
