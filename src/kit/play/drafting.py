"""Drafts a source from a request, as `springhead new` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ...core.codec import Object
from ..new.captured import capture
from ..new.draft import Draft, draft_source
from ..new.write import write_source
from .errors import NotWritten
from .snapshot import Snapshot


def draft(snapshot: Snapshot, _: Path) -> Object:
    """Return the draft of a source with this name that reads the request, or why there is none."""
    try:
        drafted = draft_source(snapshot.name, [capture("first", snapshot.request.as_request())])
    except ModuleNotFoundError as error:
        return {"error": f"a draft needs {error.name}: run pip install 'springhead[testing]'"}
    return {"draft": drafted}


def write_draft(result: Any, into: Path) -> tuple[str, ...]:
    """Write a draft to a new folder below `into`; returns what it guesses.

    Raises:
        NotWritten: there is no draft.
        InvalidDraft: the folder exists.
        OSError: a file cannot be written.
    """
    if "error" in result:
        raise NotWritten(result["error"])
    drafted = msgspec.convert(result["draft"], Draft)
    write_source(drafted, into)
    return drafted.guesses
