"""Writes a drafted source: its folder, its fixtures with their outcomes, and the package around it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from ...core.errors import InvalidDraft
from ...core.loader import load_source
from ...core.request_filter import RequestFilter
from ..case import META, case_folder
from ..suite import find_suites
from .captured import FORMATS, Captured
from .draft import Draft
from .package import package_files, plugin_text

_WIDTH = 100
"""Columns within which a JSON value stays on one line."""


def write_source(draft: Draft, into: Path, *, package: bool = False) -> Path:
    """Write a source below a folder; returns the new folder, of the source or of its package.

    Raises:
        InvalidDraft: the folder, or that of the fixtures, exists.
        OSError: a file cannot be written.
    """
    project = into / (f"springhead-source-{draft.name}" if package else draft.name)
    _check_is_new(project)
    try:
        _write_project(draft, project, package=package)
    except BaseException:
        shutil.rmtree(project, ignore_errors=True)
        raise
    return project


def _write_project(draft: Draft, project: Path, *, package: bool) -> None:
    source = project / "src" / module_of(draft.name) if package else project
    files = package_files(draft) if package else {}
    if (project.parent / "__init__.py").exists():
        files["__init__.py"] = plugin_text(draft.title)  # a package of sources, as springhead's own are
    files |= {f"{source.relative_to(project)}/{name}": text_of(value) for name, value in draft.files.items()}
    _write(project, files)
    loaded = load_source(source)
    fixtures = case_folder(loaded, source)
    _check_is_new(fixtures)
    for fixture in draft.fixtures:
        _write_case(fixtures / fixture.name, fixture, loaded.request_filter)
    (suite,) = find_suites([str(source.resolve())], source)
    for case in suite.cases:
        suite.write(case)


def _check_is_new(folder: Path) -> None:
    if folder.exists():
        raise InvalidDraft(str(folder), "exists, and nothing is overwritten")


def module_of(name: str) -> str:
    """Return the import name of the package of a source."""
    return f"springhead_source_{name.replace('-', '_')}"


def text_of(value: Any) -> str:
    """Write the text of a file; JSON as a person does, with short values on one line."""
    return value if isinstance(value, str) else f"{_json(value, 0)}\n"


def _json(value: Any, indent: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or (indent and len(line) + indent <= _WIDTH):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        members = [
            f"{json.dumps(key, ensure_ascii=False)}: {_json(member, indent + 2)}"
            for key, member in value.items()
        ]
    else:
        members = [_json(member, indent + 2) for member in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n" + ",\n".join(f"{inner}{member}" for member in members) + f"\n{' ' * indent}{closing}"


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _write_case(folder: Path, fixture: Captured, request_filter: RequestFilter) -> None:
    """Write a body, and of its headers those that a mapping may read."""
    folder.mkdir(parents=True)
    (folder / FORMATS[fixture.format]).write_bytes(fixture.request.body)
    names = request_filter.select_headers(fixture.request.headers)
    headers = {name: value for name, value in fixture.request.headers.items() if name.lower() in names}
    if headers:
        (folder / META).write_text(text_of({"headers": headers}), encoding="utf-8")


def is_name(name: str) -> bool:
    """Whether a source may have this name."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) is not None
