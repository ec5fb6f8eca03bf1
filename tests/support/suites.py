"""Makes sources with cases, as `coverage` and `mutate` take them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from springhead.kit.case import Case
from springhead.kit.find_source import find_sources
from springhead.kit.suite import Suite, find_suites
from support.folders import add_case, source_folder
from support.paths import FIXTURES

TRACK = {"type": "track", "event": "E"}
WORDS = sorted(path for path in (FIXTURES / "mapping" / "valid").iterdir() if path.is_dir())
"""A source folder for each word of the language, which is a case as well."""


def suite_of(parent: Path, *bodies: Any, config: dict[str, Any] | None = None, **files: Any) -> Suite:
    """Make the suite of a source `acme` with a case for each body, whose outcomes are those of now."""
    folder = source_folder(parent, **files)
    for number, body in enumerate(bodies):
        meta = {"request_meta_json": json.dumps({"config": config})} if config else {}
        add_case(folder / "fixtures", f"case-{number}", request_json=json.dumps(body), **meta)
    (suite,) = find_suites([str(folder)], parent)
    for case in suite.cases:
        suite.write(case)
    return suite


def suite_of_word(parent: Path, word: Path) -> Suite:
    """Make the suite of one of `WORDS`."""
    folder = source_folder(parent, word)
    case = Path(shutil.copytree(word, parent / "case"))
    host, (source,) = find_sources(str(folder))
    return Suite(source, (Case("acme", case),), host, host)


def mapping_of(rows: Sequence[dict[str, Any]], *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Write a mapping with these rows, by default with one track rule."""
    return {"integration": "Acme", "events": list(rules or [TRACK]), "map": list(rows), **more}
