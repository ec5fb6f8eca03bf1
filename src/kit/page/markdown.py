"""Writes Markdown in which no text of an author or a sender is taken for markup.

The pages are read on GitHub and on a site made by MkDocs. The two differ on pipes and backticks in code, so
text with these becomes `<code>` with character references, which both show alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote as quote_url

_MAX_VALUE = 60
"""Characters of a value that are shown in a table."""
_MARKUP = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)")
_FIRST = re.compile(r"^(\d*)([#>+.)-])")
"""What begins a heading, a quotation or a list."""
_REFERENCES = {"&": "&amp;", "<": "&lt;", "|": "&#124;", "~": "&#126;", "{": "&#123;"}
_NOT_IN_BACKTICKS = re.compile(r"[`|]|^\s|\s$|\\$|^$")
_PLAIN = " .,:;/=()?^+-\"'"
_IN_URLS = ":/?#@!$&'()*+,;=%~"


def text(value: str, *, begins_line: bool = False) -> str:
    """Write text on one line, as it is; with `begins_line` it does not become a heading or a list either."""
    line = _MARKUP.sub(r"\\\g<0>", printable(" ".join(value.split())))
    line = _FIRST.sub(r"\1\\\2", line) if begins_line else line
    return "".join(_REFERENCES.get(character, character) for character in line)


def code(value: str) -> str:
    """Write text as code."""
    shown = printable(value)
    if not _NOT_IN_BACKTICKS.search(shown):
        return f"`{shown}`"
    return f"<code>{''.join(map(_reference, shown))}</code>"


def codes(values: Iterable[str], conjunction: str = "") -> str:
    """Write texts as code, one after another: `a`, `b` and `c`."""
    return series([code(value) for value in values], conjunction)


def series(words: Sequence[str], conjunction: str = "") -> str:
    """Join words with commas, and the last one with a conjunction if one is given."""
    if not conjunction or len(words) < 2:  # noqa: PLR2004
        return ", ".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def value_code(value: Any) -> str:
    """Write a value as JSON in code, cut off if it is long."""
    shown = json.dumps(value, ensure_ascii=False)
    return code(shown if len(shown) <= _MAX_VALUE else f"{shown[:_MAX_VALUE]}…")


def scalar_code(value: Any) -> str:
    """Write a scalar as code: text as it is, unless it could be taken for another value."""
    if not isinstance(value, str):
        return code(json.dumps(value))
    is_plain = value.strip() == value != "" and not _is_json(value)
    return code(value if is_plain else json.dumps(value, ensure_ascii=False))


def link(url: str) -> str:
    """Write a URL as a link."""
    return f"<{quote_url(url, safe=_IN_URLS)}>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of cells that are Markdown; one without rows is empty."""
    lines = [_table_row(cells) for cells in rows]
    return "\n".join([_table_row(header), f"|{' --- |' * len(header)}", *lines]) if lines else ""


def fence(value: str, language: str = "") -> str:
    """Write lines as a block of code."""
    lines = [printable(line) for line in value.splitlines()]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    marks = "`" * max(3, longest + 1)
    return "\n".join([f"{marks}{language}", *lines, marks])


def section(title: str, *parts: str) -> str:
    """Write a section of the parts that are not empty; without any it is empty itself."""
    written = [part for part in parts if part]
    return "\n\n".join([f"## {title}", *written]) if written else ""


def printable(value: str) -> str:
    r"""Escape what cannot be seen, such as `\u202e`, and what cannot be encoded."""
    if value.isprintable():
        return value
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in value
    )


def _table_row(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def _reference(character: str) -> str:
    return character if character.isalnum() or character in _PLAIN else f"&#{ord(character)};"


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
