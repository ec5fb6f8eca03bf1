"""Makes source folders for tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from springhead.kit.check.folder import check_folders
from support.hosts import folder_host

PLAIN = {
    "source.json": {"api": 1, "name": "acme"},
    "schema.json": {"type": "object"},
    "mapping.json": {"integration": "Acme", "events": [{"type": "track", "event": "E"}]},
}


def source_folder(parent: Path, fixture: Path | None = None, **files: Any) -> Path:
    """Make a source folder `acme` of a fixture's files, of `files`, and of plain files for what is missing."""
    folder = parent / "acme"
    folder.mkdir(parents=True)
    for path in sorted(fixture.glob("*.json")) if fixture else ():
        if path.name not in ("request.json", "request.meta.json", "expected.json"):
            shutil.copy(path, folder)
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    for name, value in PLAIN.items():
        if not (folder / name).exists():
            (folder / name).write_text(json.dumps(value))
    return folder


def add_case(fixtures: Path, name: str, **files: str) -> Path:
    """Add a case with these files, `request_json` standing for request.json."""
    case = fixtures / name
    case.mkdir(parents=True)
    for file, text in files.items():
        (case / file.replace("_", ".")).write_text(text)
    return case


def find_findings(folder: Path) -> list[str]:
    """What `springhead check --strict` finds in a folder."""
    host = folder_host(folder)
    (checked,) = check_folders(host, [str(folder)])
    return [str(finding) for finding in checked.findings]
