"""Parses the entries of `id` in source.json, which say what identifies a record or its delivery."""

from __future__ import annotations

from typing import Any, TypeAlias

from .ids import Namespace
from .json_value import Steps
from .mapping.model import Template
from .mapping.path import Path
from .mapping.terms import TermParser
from .source_file import SourceFile

_READABLE = "an id reads the record, $item, $request.headers.NAME or $request.query.NAME"

IdEntries: TypeAlias = tuple[Path | Template, ...]


def parse_ids(about: SourceFile, namespace: Namespace) -> IdEntries:
    """Parse the entries; every problem with one is recorded on the file."""
    if about.value is None or about.has_problem(("id",)):
        return ()
    terms = TermParser(about, {}, namespace)
    entries = []
    for index, value in enumerate(about.value.get("id", [])):
        entry = _entry(terms, value, ("id", index))
        if not about.has_problem(("id", index)):
            _check_paths(about, paths_of((entry,)), ("id", index))
        entries.append(entry)
    return tuple(entries)


def paths_of(entries: IdEntries) -> list[Path]:
    """List the paths that the entries read."""
    parts = [part for entry in entries for part in ((entry,) if isinstance(entry, Path) else entry.parts)]
    return [part for part in parts if isinstance(part, Path)]


def _entry(terms: TermParser, value: Any, steps: Steps) -> Path | Template:
    # in_each lets $parent pass here, so that it is refused like any other root that an id cannot read.
    if isinstance(value, str):
        return terms.single_path(value, steps, in_each=True)
    return Template(tuple(terms.template(value["template"], (*steps, "template"), in_each=True)))


def _check_paths(about: SourceFile, paths: list[Path], steps: Steps) -> None:
    if not paths:
        reason, advice = "the template reads nothing, so all records would have one id", 'write "{id}"'
        about.add_problem(steps, "bad-template", reason, advice)
    for path in paths:
        is_named_value = path.keys[:1] in (("headers",), ("query",)) and len(path.keys) > 1
        if path.root not in ("", "$item") and not (path.root == "$request" and is_named_value):
            about.add_problem(steps, "bad-path", f"{path.text} cannot be read here", _READABLE)
