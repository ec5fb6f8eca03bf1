"""Reads the code blocks and tables of the documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(\w*)(?: title=\"(\S+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"^\| .*\n\|(?: -+ \|)+\n((?:\|.*\n)+)", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")


class Block(NamedTuple):
    """A fenced block: the language, the name of the file it shows, and its text."""

    language: str
    file: str
    text: str


def blocks(document: Path, *languages: str) -> list[Block]:
    """The blocks of a document in these languages."""
    found = [Block(*match.groups(default="")) for match in FENCE.finditer(document.read_text())]
    return [block for block in found if block.language in languages]


def file_block(document: Path, file: str) -> str:
    """The text of the first block that shows this file."""
    return next(block.text for block in blocks(document, "json") if block.file == file)


def rows_below(document: Path, *header: str) -> list[list[str]]:
    """The rows of the tables that have this header, each as its cells."""
    line = f"| {' | '.join(header)} |\n"
    tables = [match for match in _TABLE.finditer(document.read_text()) if match[0].startswith(line)]
    return [
        [cell.strip() for cell in row.strip("|").split(" | ")]
        for match in tables
        for row in match[1].splitlines()
    ]


def code_spans(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return _SPAN.findall(cell)
