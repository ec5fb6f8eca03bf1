"""Lists the paths that fixtures and schema.json have, and suggests the one that an author meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from ...core.mapping.interpret import value_at
from ...core.mapping.path import Path
from .context import Context

_MAX_RECORDS = 200
"""Records whose keys are listed."""
_MAX_DEPTH = 6
_MAX_SUGGESTIONS = 3


def known_paths(context: Context, root: str) -> list[str]:
    """List the paths of all members at a root, as a row would read them."""
    values = (value_at(Path("", root, ()), scope) for scope in context.scopes[:_MAX_RECORDS])
    known = dict.fromkeys(path for value in values for path in paths_to(value, object))
    if shape := {"": context.shape, "$parent": context.parent}.get(root):
        known |= dict.fromkeys(shape.paths())
    return [f"{root}.{path}" if root else path for path in known]


def paths_to(value: Any, kind: type, prefix: str = "", depth: int = _MAX_DEPTH) -> Iterator[str]:
    """List the paths of the members of this type, at any depth of an object."""
    for key, member in value.items() if isinstance(value, dict) and depth else ():
        if isinstance(member, kind):
            yield prefix + key
        yield from paths_to(member, kind, f"{prefix}{key}.", depth - 1)


def did_you_mean(path: Path | str, known: Iterable[str]) -> str:
    """Advise the paths that end in the same key, or else the closest one; `""` if there is none."""
    text = path if isinstance(path, str) else path.text
    others = [other for other in dict.fromkeys(known) if not f"{text}.".startswith(f"{other}.")]
    same = [other for other in others if _last(other) == _last(text)]
    meant = get_close_matches(text, same, _MAX_SUGGESTIONS, 0.0) or get_close_matches(text, others, 1, 0.7)
    return f"did you mean {' or '.join(meant)}?" if meant else ""


def did_you_mean_listed(path: Path, known: Iterable[str]) -> str:
    """Advise the listed path that was meant, whose last key is the closest to one that there is."""
    before, dot, last = path.text.rpartition(".")
    if "*" not in before:
        return did_you_mean(path, known)
    near = get_close_matches(last, {key.rpartition(".")[2] for key in known} - {last}, 1, 0.7)
    return f"did you mean {before}{dot}{near[0]}?" if near else ""


def _last(path: str) -> str:
    return path.rpartition(".")[2].lower()
