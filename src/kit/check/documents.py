"""Checks what people need to know of a source: its README, its ids, and whether its sender signs."""

from __future__ import annotations

import re

from ...core.mapping.model import DROP, Rule
from ...core.source_file import SourceFile
from .subject import Subject

_SECTIONS = ("Set it up", "What comes out", "Known limits")
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)
_SIGNS = re.compile(r"\b(?:signatures?|signing secrets?|HMAC)\b", re.IGNORECASE)


def check(subject: Subject) -> None:
    """Record what is missing."""
    _check_readme(subject.readme)
    _check_ids(subject)
    _check_signature(subject)


def _check_readme(readme: SourceFile) -> None:
    headings = {heading.lower() for heading in _HEADING.findall(readme.text)}
    missing = [f"README.md has no section {name!r}" for name in _SECTIONS if name.lower() not in headings]
    for reason in missing if readme.text else ["README.md is missing"]:
        readme.add_problem((), "readme-section", reason, f"its sections are {', '.join(_SECTIONS)}")


def _check_ids(subject: Subject) -> None:
    """Record rules without a time, where only paths in the record identify it: a template has other means."""
    ids = (subject.about.value or {}).get("id", [])
    if not ids or not all(isinstance(entry, str) and not entry.startswith("$request.") for entry in ids):
        return
    for index, rule in enumerate(subject.parsed.rules):
        if rule.type != DROP and rule.passthrough is None and not _writes_time(rule):
            reason = "no row writes originalTimestamp, so events of one id differ by content alone"
            advice = (
                "write the time, or read the delivery's id from a header (see Ids in docs/source-folder.md)"
            )
            subject.mapping.add_problem(("events", index), "no-time", reason, advice)


def _writes_time(rule: Rule) -> bool:
    return any(target.keys[0] == "originalTimestamp" for row in rule.rows for target in row.to)


def _check_signature(subject: Subject) -> None:
    """Record that the documents speak of signatures, and source.json does not."""
    about = subject.about.value or {}
    docs = str(about.get("docs", "")).replace("-", " ")
    spoken = " ".join([subject.readme.text, docs, *about.get("setup", ())])
    if "signature" not in about and _SIGNS.search(spoken):
        reason = "the vendor signs its requests, and nothing says how"
        subject.about.add_problem((), "unsigned", reason, "describe it in signature (see docs/signatures.md)")
