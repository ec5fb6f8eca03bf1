"""Says the condition of a rule or a row in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.mapping.path import parse_path
from .markdown import code, codes, scalar_code, series
from .paths import Lists, place


def condition(when: dict[str, Any], lists: Lists = ()) -> str:
    """Say what must hold: `type` is `paid`, and `test` is not `true`."""
    entries = [_entry(path, matcher, lists) for path, matcher in when.items() if path != "any"]
    alternatives = [condition(pattern, lists) for pattern in when.get("any", [])]
    if len(alternatives) > 1:
        entries.append(f"any of these: ({'); ('.join(alternatives)})")
    return ", and ".join(entries + alternatives[: len(alternatives) == 1])


def _entry(path: str, matcher: Any, lists: Lists) -> str:
    where = place(path, lists)
    if not parse_path(path).stars:
        return f"{where} {_predicate(matcher)}"
    if matcher is None or matcher == {"exists": False}:
        return f"none of {where} has a value"
    if isinstance(matcher, dict) and matcher.keys() == {"not"}:
        return f"none of {where} {_predicate(matcher['not'])}"
    return f"one of {where} {_predicate(matcher)}"


def _predicate(matcher: Any, *, negated: bool = False) -> str:
    """Say what a value must be, or with `negated` must not be."""
    if isinstance(matcher, dict):
        words = [_word(word, argument, negated=negated) for word, argument in matcher.items()]
        return (" or " if negated else " and ").join(words)
    if not isinstance(matcher, list):
        return _equals([matcher], negated=negated)
    scalars = [inner for inner in matcher if not isinstance(inner, dict | list)]
    others = [_predicate(inner, negated=negated) for inner in matcher if isinstance(inner, dict | list)]
    words = [*([_equals(scalars, negated=negated)] if scalars else []), *others]
    return (" and " if negated else " or ").join(words)


def _word(word: str, argument: Any, *, negated: bool) -> str:
    match word:
        case "exists":
            return "has a value" if argument is not negated else "has no value"
        case "not":
            return _predicate(argument, negated=not negated)
        case "prefix":
            prefixes = codes([argument] if isinstance(argument, str) else argument, "or")
            return f"does not start with {prefixes}" if negated else f"starts with {prefixes}"
        case "ignore_case":
            return f"{_predicate(argument, negated=negated)} (ignoring case)"
    return f"does not match {code(argument)}" if negated else f"matches {code(argument)}"


def _equals(scalars: Sequence[Any], *, negated: bool) -> str:
    values = [scalar_code(scalar) for scalar in scalars if scalar is not None]
    words = []
    if values and negated:
        words.append(f"is not {values[0]}" if len(values) == 1 else f"is none of {series(values, 'and')}")
    elif values:
        words.append(f"is {series(values, 'or')}")
    if None in scalars:
        words.append("has a value" if negated else "has no value")
    return (" and " if negated else " or ").join(words)
