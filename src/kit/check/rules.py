"""Finds rules and conditions that no record can satisfy, and rules that no fixture shows at work."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from ...core.json_value import Steps, json_equal
from ...core.mapping.interpret import matches
from ...core.mapping.path import Path
from ...core.mapping.pattern import Equals, Matcher, OneOf, Pattern, Prefix
from .function_types import names_of
from .implication import accepted_types, allowed_values, contradicts, implies
from .places import PlacedPath, placed_paths, placed_rows, value_at
from .subject import Subject


def check(subject: Subject) -> None:
    """Record rules and conditions that can never hold, and those that no fixture shows at work."""
    impossible = set(_check_matchers(subject))
    rules = subject.parsed.rules
    for index, rule in enumerate(rules):
        steps: Steps = ("events", index)
        if any(place[:2] == steps for place in impossible):
            continue
        if rule.when and contradicts(rule.when):
            reason = "no record satisfies all of these conditions"
            subject.mapping.add_problem((*steps, "when"), "unreachable-rule", reason, "correct one of them")
        elif (above := _shadowed(subject, index)) is not None:
            reason = f"no record gets here: rule {above} takes all that this one would"
            advice = 'move this rule up, narrow that one, or set "emit": "all"'
            subject.mapping.add_problem(steps, "unreachable-rule", reason, advice)
        elif subject.samples.show_records and not _is_reached(subject, index):
            _record_untested(subject, rule.when, steps)
    _check_replies(subject)


def _shadowed(subject: Subject, index: int) -> int | None:
    """Return the earlier rule that takes every record this one would take; None if none does."""
    if subject.parsed.emit_all:
        return None
    value = subject.mapping.value or {}
    for above, rule in enumerate(subject.parsed.rules[:index]):
        same = value["events"][above].get("when") == value["events"][index].get("when")
        when = subject.parsed.rules[index].when
        if same or (rule.when and when and implies(when, rule.when)):
            return above
    return None


def _is_reached(subject: Subject, index: int) -> bool:
    rules = subject.parsed.rules
    for scope in subject.samples.accepted:
        for position, rule in enumerate(rules):
            if rule.when is None or matches(rule.when, scope):
                if position == index:
                    return True
                if not subject.parsed.emit_all:
                    break
    return False


def _record_untested(subject: Subject, when: Pattern | None, steps: Steps) -> None:
    advice = "add a fixture of such a record"
    for path, matcher in when.entries if when else ():
        if near := _near_value(subject, path, matcher):
            advice = f"add a fixture of such a record; those that there are have {near} at {path.text}"
    subject.mapping.add_problem(steps, "untested-rule", "no fixture gets to this rule", advice)


def _near_value(subject: Subject, path: Path, matcher: Matcher) -> str | None:
    """Return a text that fixtures have at a path, and that is nearly one that a pattern asks for."""
    asked = [value for value in _texts(matcher) if isinstance(value, str)]
    values = [value_at(path, scope) for scope in subject.samples.accepted]
    texts = {value.lower(): value for value in values if isinstance(value, str)}
    for text in asked:
        near = get_close_matches(text.lower(), texts, 1, 0.8)
        if near and texts[near[0]] != text:
            return f'"{texts[near[0]]}"'
    for value in texts.values():
        if any(get_close_matches(prefix, [value[: len(prefix)]], 1, 0.8) for prefix in _prefixes(matcher)):
            return f'"{value}"'
    return None


def _texts(matcher: Matcher) -> Iterator[Any]:
    match matcher:
        case Equals(value):
            yield value
        case OneOf(matchers):
            for inner in matchers:
                yield from _texts(inner)


def _check_matchers(subject: Subject) -> Iterator[Steps]:
    """Record conditions that no value satisfies that schema.json allows; returns their places."""
    for placed in placed_paths(subject, placed_rows(subject)):
        reason = _impossible(placed)
        if reason:
            subject.mapping.add_problem(placed.steps, "impossible-match", *reason)
            yield placed.steps


def _impossible(placed: PlacedPath) -> tuple[str, str] | None:
    if placed.matcher is None:
        return None
    shape = placed.context.shape_of(placed.path)
    if shape is None:
        return None
    wanted = allowed_values(placed.matcher)
    if wanted is not None and shape.values is not None:
        strange = [value for value in wanted if not any(json_equal(value, known) for known in shape.values)]
        if strange and None not in strange:
            near = get_close_matches(str(strange[0]), [str(value) for value in shape.values], 1, 0.6)
            advice = f"did you mean {near[0]}?" if near else "see enum in schema.json"
            return f"schema.json does not allow {strange[0]!r} at {placed.path.text}", advice
    types = accepted_types(placed.matcher)
    if types and shape.types and not types & shape.types:
        reason = f"this asks for {names_of(types)}, but schema.json says {names_of(shape.types)}"
        return reason, "compare with a value of that type"
    return None


def _prefixes(matcher: Matcher) -> tuple[str, ...]:
    return matcher.prefixes if isinstance(matcher, Prefix) else ()


def _check_replies(subject: Subject) -> None:
    for index, reply in enumerate(subject.parsed.replies):
        if reply.when is None and not list(reply.body.paths(inner=True)):
            reason = "every record is replied to, so none becomes an event"
            subject.mapping.add_problem(("reply", index), "unreachable-rule", reason, "give the reply a when")
