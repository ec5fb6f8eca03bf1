"""Compiles the expressions of `capture`, which take a part out of a text in linear time.

`re` can say where a group was found, but it backtracks. So an expression must leave it nothing to try twice:
each repetition stands between two characters that it cannot match. Because of the one after it, giving back
what it matched is pointless. Because of the one before it, it begins at one place only, wherever a search
started, and no two starts read the same text with the same repetition. The last repetition, with nothing after
it, cannot fail once it has its minimum, and an expression that begins with `^` has one start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from ..errors import InvalidRegex
from ..regex import compile_regex

Capture: TypeAlias = Callable[[str], "str | None"]
"""Finds the group of an expression in a text, or what the whole expression matches if it has no group."""

_LITERAL = r"[^\\\[(){?*+|^$.]|\\[^A-Za-z0-9]|\\[nrtfv]"
_CLASS_ITEM = re.compile(r"(?!--)[^\\\[\]]|\\[^A-Za-z0-9]|\\[nrtfvdws]")
_TOKEN = re.compile(
    rf"""
      (?P<start> \^ | \(\?:\^\|(?P<after_start>{_LITERAL})\) )
    | (?P<end> \$ | \(\?:(?P<before_end>{_LITERAL})\|\$\) )
    | (?P<group> \((?!\?) | \) )
    | (?: (?P<literal>{_LITERAL}) | \[(?P<negated>\^?)(?P<members>(?:{_CLASS_ITEM.pattern})+)\] | (?P<any>\.)
        | \\(?P<named>[dwsDWS]) )
      (?P<repeat> [*+?] | \{{(?!0+\}})\d{{1,3}}(?:,\d{{0,3}})?\}} )?
      (?![*+?{{])
    """,
    re.VERBOSE,
)

_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}
"""What the named classes match in `matches` and in schemas, written for `re`."""


class _Token(NamedTuple):
    """A part of an expression.

    Attributes:
        text: as written.
        regex: the same for `re`, with a possessive repetition.
        repeated: what a repetition of varying length repeats, for `re`; "" if the token is not one.
        literal: the only character the token matches; "" if there are several, or none.
    """

    text: str
    regex: str
    repeated: str = ""
    literal: str = ""


_START = _Token("^", "^")


def compile_capture(expression: str) -> Capture:
    """Compile an expression.

    Raises:
        InvalidRegex: it is not a regular expression, or not one that `re` searches in linear time.
    """
    compile_regex(expression)
    tokens = list(_tokens(expression))
    _check_repetitions(expression, [token for token in tokens if token.text not in ("(", ")")])
    regex = re.compile("".join(token.regex for token in tokens))
    if regex.groups > 1:
        raise InvalidRegex(expression, "capture takes one group")

    def capture(text: str) -> str | None:
        found = regex.search(text)
        return found[regex.groups] if found else None

    return capture


def _tokens(expression: str) -> Iterator[_Token]:
    offset = 0
    while offset < len(expression):
        found = _TOKEN.match(expression, offset)
        if found is None or (found["start"] and offset) or (found["end"] and found.end() < len(expression)):
            reason = (
                f"capture does not support {expression[offset:]!r}; it supports characters, classes such as"
                " [^/]+, one group, ^ or (?:^|/) at the beginning, and $ or (?:/|$) at the end"
            )
            raise InvalidRegex(expression, reason)
        yield _token(found)
        offset = found.end()


def _token(found: re.Match[str]) -> _Token:
    text = found[0]
    if found["group"]:
        return _Token(text, text)
    if text == "^":
        return _START
    if found["start"]:
        literal = _character(found["after_start"])
        return _Token(text, f"(?:^|{re.escape(literal)})", literal=literal)
    if found["end"]:
        literal = _character(found["before_end"] or "")
        return _Token(text, rf"(?:{re.escape(literal)}|\Z)" if literal else r"\Z", literal=literal)
    literal = _character(found["literal"] or "")
    character, repeat = re.escape(literal) or _class(found), found["repeat"] or ""
    if not repeat or repeat[1:-1].isdecimal():
        return _Token(text, character + repeat, literal=literal)
    return _Token(text, f"{character}{repeat}+", repeated=character)


def _class(found: re.Match[str]) -> str:
    if found["any"]:
        return "."
    if name := found["named"]:
        return f"[{'^' if name.isupper() else ''}{_CLASSES[name.lower()]}]"
    members = _CLASS_ITEM.sub(lambda item: _class_member(item[0]), found["members"])
    return f"[{found['negated']}{members}]"


def _class_member(item: str) -> str:
    if item == "-":
        return item
    return _CLASSES.get(item[1:]) or re.escape(_character(item))


def _character(literal: str) -> str:
    """Return the character that an author wrote, perhaps as an escape."""
    return _CONTROLS.get(literal[1:], literal[-1:])


def _check_repetitions(expression: str, tokens: list[_Token]) -> None:
    """Check that each repetition but the last stands between characters it cannot match."""
    anchored = tokens[:1] == [_START]
    for before, token, after in zip([_START, *tokens], tokens, tokens[1:], strict=False):
        if not token.repeated:
            continue
        if not anchored and not _separates(before, token):
            advice = "before it, or ^ at the beginning"
        elif after.text != "$" and not _separates(after, token):
            advice = "after it, or nothing"
        else:
            continue
        reason = f"{token.text} could be slow: write a character that it does not match {advice}"
        raise InvalidRegex(expression, reason)


def _separates(neighbour: _Token, repetition: _Token) -> bool:
    """Whether a repetition stops at its neighbour: a character that it cannot match."""
    return neighbour.literal != "" and not re.fullmatch(repetition.repeated, neighbour.literal)
