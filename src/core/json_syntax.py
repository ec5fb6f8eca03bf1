"""Says where and why a file is not JSON, in the words of somebody who wrote it by hand."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_TRAILING_COMMA = re.compile(r",\s*[}\]]")
_WORD = re.compile(r"[A-Za-z_$][\w$-]*")
_COMMENTS = ("//", "/*", "#")
_QUOTES = "'`\u201c\u201d"
_MESSAGES = {
    "Expecting ',' delimiter": ("a comma is missing before this", "put one behind the value before"),
    "Expecting ':' delimiter": ("a colon is missing after the key", ""),
    "Invalid \\escape": ("this backslash begins no escape", r"double it: \\d"),
    "Invalid control character": ("a line ends inside text", r"close the quote, or write \n"),
    "Unterminated string": ("this quote does not close", ""),
    "Extra data": ("there is more behind the end", "a file holds one object"),
}
"""What Python's decoder says, as an author understands it, and what to do."""
_LITERALS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "NULL": "null"}


class SyntaxMistake(NamedTuple):
    """What is wrong with a text, at which offset, and what to do."""

    offset: int
    reason: str
    advice: str = ""


def explain_syntax(text: str, error: json.JSONDecodeError) -> SyntaxMistake:
    """Explain why a text cannot be decoded."""
    comma = text.rfind(",", 0, error.pos + 1)
    if comma >= 0 and _TRAILING_COMMA.match(text, comma) and not text[comma + 1 : error.pos].strip():
        return SyntaxMistake(comma, "a comma stands before the closing bracket", "remove the comma")
    rest = text[error.pos :].lstrip()
    offset = len(text) - len(rest)
    return _explain_start(offset, rest, error) or SyntaxMistake(error.pos, error.msg)


def _explain_start(offset: int, rest: str, error: json.JSONDecodeError) -> SyntaxMistake | None:
    """Explain by what stands where decoding stopped, and by what was expected there."""
    if not rest:
        return SyntaxMistake(error.pos, "the file ends too early", "close every bracket and every quote")
    if rest.startswith(_COMMENTS):
        return SyntaxMistake(offset, "JSON has no comments", "remove it")
    if rest[0] in _QUOTES:
        return SyntaxMistake(offset, f"text stands in double quotes, not in {rest[0]}", 'write "text"')
    for message, (reason, advice) in _MESSAGES.items():
        if error.msg.startswith(message):
            return SyntaxMistake(offset if message.startswith("Exp") else error.pos, reason, advice)
    if rest[0] in "}]":
        return SyntaxMistake(offset, f"{rest[0]} does not close what is open here", "complete it")
    if word := _WORD.match(rest):
        literal = _LITERALS.get(word[0])
        advice = f"write {literal}" if literal else f'put it in double quotes: "{word[0]}"'
        return SyntaxMistake(offset, f"{word[0]} is not JSON", advice)
    return None
