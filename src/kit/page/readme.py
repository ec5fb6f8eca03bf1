"""Takes what a page quotes out of the README of its source."""

from __future__ import annotations

import re

_RELATIVE_LINK = re.compile(r"!?\[([^\]]*)\]\((?!https?://|mailto:)[^)]*\)")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_GENERATED = frozenset({"what comes in", "what comes out", "settings", "signature", "redaction", "ids"})
"""Sections whose place a page fills from the source's data."""


def readme_sections(readme: str) -> dict[str, str]:
    """Split a README at its headings of level 2; what is before the first, except the title, is at `""`.

    Links to files beside the README are left out, because they lead nowhere from a page; their text stays.
    """
    title, sections = "", {"": [""]}
    mark = ""
    for line in readme.splitlines():
        fence = _FENCE.match(line)
        if fence and not mark:
            mark = fence[1]
        elif fence and fence[1].startswith(mark):
            mark = ""
        if not mark and line.startswith("## "):
            title = line.removeprefix("## ").strip()
            sections[title] = []
        elif mark or not line.startswith("# "):
            sections.setdefault(title, []).append(line)
    return {title: _RELATIVE_LINK.sub(r"\1", "\n".join(lines)).strip() for title, lines in sections.items()}


def is_generated(title: str) -> bool:
    """Whether a page has the content of this section from the source's data."""
    return title.lower() in _GENERATED
