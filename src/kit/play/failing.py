"""Finds the fixtures that `springhead test` fails with the files as they are on the page."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from ...core.codec import Object
from ...core.errors import SpringheadError
from ..case import EXPECTED, Case
from ..suite import Suite
from .files import read_file

MAX_FAILING = 20
"""Fixtures that are listed: each brings the outcome expected and that which it has now."""


def list_failing(suite: Suite, folder: Path) -> list[Object]:
    """List the first fixtures that fail, each with why; `folder` is that of the source."""
    failing = (found for case in suite.cases if (found := _failing(suite, case, folder)))
    return list(islice(failing, MAX_FAILING))


def _failing(suite: Suite, case: Case, folder: Path) -> Object | None:
    name = case.folder.name
    try:
        actual, expected = suite.outcome(case), case.expected
    except SpringheadError as error:
        return {"name": name, "reason": str(error).replace(f"{folder}/", "")}
    if actual != expected:
        file = read_file(case.folder / EXPECTED)
        return {
            "name": name,
            "reason": "expects another outcome" if expected is not None else f"has no {EXPECTED}",
            "before": expected or "",
            "after": actual,
            "digest": file and file.digest,
        }
    failures = suite.failures(case)
    return {"name": name, "reason": failures[0].promise} if failures else None
