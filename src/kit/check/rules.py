"""Finds rules that no record can reach, and rules that no fixture shows at work."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice

from ...core.json_value import Steps
from ...core.mapping.interpret import matches, value_at
from ...core.mapping.path import Path
from ...core.mapping.pattern import Equals, Matcher, OneOf, Pattern, Prefix
from .implication import contradicts, implies
from .subject import Subject


def check(subject: Subject) -> None:
    """Record such rules. Why no record gets to a rule is said once, at its condition if that is wrong."""
    reached = _reached(subject)
    for index, rule in enumerate(subject.parsed.rules):
        steps: Steps = ("events", index)
        if rule.when and contradicts(rule.when):
            reason = "no record satisfies all of these conditions"
            subject.mapping.add_problem((*steps, "when"), "unreachable-rule", reason, "correct one of them")
        elif (above := _shadowed_by(subject, index)) is not None:
            reason = f"no record gets here: rule {above} takes all that this one would"
            advice = 'move this rule up, narrow that one, or set "emit": "all"'
            subject.mapping.add_problem(steps, "unreachable-rule", reason, advice)
        elif index not in reached and not subject.mapping.has_problem((*steps, "when")):
            advice = "add a fixture of such a record" + _near_values(subject, rule.when)
            subject.mapping.add_problem(steps, "untested-rule", "no fixture gets to this rule", advice)
    _check_replies(subject)


def _shadowed_by(subject: Subject, index: int) -> int | None:
    """Return the earlier rule that takes every record this one would take; None if none does."""
    if subject.parsed.emit_all:
        return None
    rules, written = subject.parsed.rules, subject.at(("events",))
    when = rules[index].when
    for above, rule in enumerate(rules[:index]):
        is_same = written[above].get("when") == written[index].get("when")
        if is_same or (rule.when and when and implies(when, rule.when)):
            return above
    return None


def _reached(subject: Subject) -> set[int]:
    """Return the rules that some record in the fixtures gets to; all, if none is to be seen."""
    rules = subject.parsed.rules
    if not subject.samples.show_records:
        return set(range(len(rules)))
    reached: set[int] = set()
    for scope in subject.samples.accepted:
        matching = (i for i, rule in enumerate(rules) if rule.when is None or matches(rule.when, scope))
        reached.update(matching if subject.parsed.emit_all else islice(matching, 1))
    return reached


def _near_values(subject: Subject, when: Pattern | None) -> str:
    """Name a text in the fixtures that is nearly what a condition asks for; `""` if there is none."""
    for path, matcher in when.entries if when else ():
        for text in _texts_at(subject, path):
            if any(_is_near(text, asked) for asked in _asked(matcher)):
                return f'; those that there are have "{text}" at {path.text}'
    return ""


def _texts_at(subject: Subject, path: Path) -> list[str]:
    values = (value_at(path, scope) for scope in subject.samples.accepted)
    return list(dict.fromkeys(value for value in values if isinstance(value, str)))


def _asked(matcher: Matcher) -> Iterator[tuple[str, bool]]:
    """List the texts that a matcher asks for, and whether each is the beginning of one."""
    match matcher:
        case Equals(str() as text):
            yield text, False
        case Prefix(prefixes):
            yield from ((prefix, True) for prefix in prefixes)
        case OneOf(matchers):
            for inner in matchers:
                yield from _asked(inner)


def _is_near(text: str, asked: tuple[str, bool]) -> bool:
    wanted, is_prefix = asked
    compared = text[: len(wanted)] if is_prefix else text
    return compared != wanted and bool(get_close_matches(wanted.lower(), [compared.lower()], 1, 0.8))


def _check_replies(subject: Subject) -> None:
    for index, reply in enumerate(subject.parsed.replies):
        if reply.when is None and not reply.events and not list(reply.body.paths(inner=True)):
            reason = "every record is replied to, so none becomes an event"
            subject.mapping.add_problem(("reply", index), "unreachable-rule", reason, "give the reply a when")
