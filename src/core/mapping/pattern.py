"""Patterns: conditions on the values at paths, as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from ..json_value import json_equal
from ..regex import Search

if TYPE_CHECKING:
    from .path import Path


class Equals(msgspec.Struct, frozen=True):
    """The value is this scalar; null also means absent."""

    value: str | int | float | bool | None


class OneOf(msgspec.Struct, frozen=True):
    """Any of these holds."""

    matchers: tuple[Matcher, ...]


class AllOf(msgspec.Struct, frozen=True):
    """All of these hold."""

    matchers: tuple[Matcher, ...]


class Exists(msgspec.Struct, frozen=True):
    """There is a value (`""`, 0 and false are values), or there is none."""

    expected: bool


class Not(msgspec.Struct, frozen=True):
    """This does not hold."""

    matcher: Matcher


class Prefix(msgspec.Struct, frozen=True):
    """The value is text that starts with any of these."""

    prefixes: tuple[str, ...]


class IgnoreCase(msgspec.Struct, frozen=True):
    """The case-folded text matches; `matcher` is case-folded already."""

    matcher: Matcher


class Matches(msgspec.Struct, frozen=True):
    """The value is text in which this regular expression is found."""

    search: Search


Matcher: TypeAlias = Equals | OneOf | AllOf | Exists | Not | Prefix | IgnoreCase | Matches


class Pattern(msgspec.Struct, frozen=True):
    """All entries hold, and at least one pattern of `any` if there are some."""

    entries: tuple[tuple[Path, Matcher], ...]
    any: tuple[Pattern, ...] = ()

    def paths(self) -> Iterator[Path]:
        """List all paths the pattern reads."""
        yield from (path for path, _ in self.entries)
        for alternative in self.any:
            yield from alternative.paths()


def holds(matcher: Matcher, value: Any) -> bool:
    """Whether a value (None if absent) satisfies a matcher."""
    match matcher:
        case Equals(expected):
            return json_equal(value, expected)
        case OneOf(matchers):
            return any(holds(inner, value) for inner in matchers)
        case AllOf(matchers):
            return all(holds(inner, value) for inner in matchers)
        case Exists(expected):
            return (value is not None) is expected
        case Not(inner):
            return not holds(inner, value)
        case Prefix(prefixes):
            return isinstance(value, str) and value.startswith(prefixes)
        case IgnoreCase(inner):
            return isinstance(value, str) and holds(inner, value.casefold())
        case Matches(search):
            return isinstance(value, str) and search(value)


def holds_for_any(matcher: Matcher, values: list[Any] | None) -> bool:
    """Whether one of the values that stars lead to satisfies a matcher, and none what stands in a `not`."""
    match matcher:
        case Not(inner):
            return not holds_for_any(inner, values)
        case OneOf(matchers):
            return any(holds_for_any(inner, values) for inner in matchers)
        case AllOf(matchers):
            return all(holds_for_any(inner, values) for inner in matchers)
        case IgnoreCase(inner):
            texts = [value.casefold() for value in values or () if isinstance(value, str)]
            return bool(texts) and holds_for_any(inner, texts)
    return any(holds(matcher, value) for value in values or (None,))


def casefold(matcher: Matcher) -> Matcher:
    """Case-fold the texts of a matcher, for the inside of `ignore_case`."""
    match matcher:
        case Equals(str() as text):
            return Equals(text.casefold())
        case Prefix(prefixes):
            return Prefix(tuple(prefix.casefold() for prefix in prefixes))
        case OneOf(matchers):
            return OneOf(tuple(map(casefold, matchers)))
        case AllOf(matchers):
            return AllOf(tuple(map(casefold, matchers)))
        case Not(inner):
            return Not(casefold(inner))
    return matcher
