"""Holds every path that a mapping reads against schema.json and against the fixtures."""

from __future__ import annotations

from difflib import get_close_matches

from ...core.mapping.interpret import value_at
from ...core.mapping.path import Path
from ...core.source_file import SourceFile
from .context import keys_of
from .function_types import names_of
from .known_paths import did_you_mean, known_paths
from .places import PlacedPath, placed_paths, placed_rows
from .shape import Shape
from .subject import Subject

_CORRECT = "correct the path, or add a fixture that has a value there"


def check(subject: Subject) -> None:
    """Record paths at which there cannot be a value, and those at which no fixture has one."""
    rows = placed_rows(subject)
    written = {target.keys for row in rows for target in row.row.to}
    passes = any(rule.passthrough for rule in subject.parsed.rules)
    for placed in placed_paths(subject, rows):
        if placed.path.root != "$event":
            check_path(subject, subject.mapping, placed)
        elif not passes and not _is_written(placed.path, written):
            reason = f"no row writes {placed.path.text.removeprefix('$event.')}"
            advice = "write it in a row, or read the record"
            subject.mapping.add_problem(placed.steps, "unknown-path", reason, advice)


def check_path(subject: Subject, file: SourceFile, placed: PlacedPath, more: tuple[str, ...] = ()) -> None:
    """Record what is wrong with one path; `more` are paths that may have been meant."""
    path, context = placed.path, placed.context
    if not keys_of(path):
        return
    shape = context.shape_of(path)
    if shape is None:
        reason, advice = obstacle({"$parent": context.parent}.get(path.root) or context.shape, path)
        advice = advice or did_you_mean(path, known_paths(context, path.root)) or "see schema.json"
        file.add_problem(placed.steps, "impossible-path", reason, advice)
    elif subject.samples.show_records:
        if all(value_at(path, scope) is None for scope in context.scopes):
            reason = f"no fixture ever has a value at {path.text}"
            if shape.named:
                file.add_problem(placed.steps, "unseen-path", reason, "add a fixture that has one")
            else:
                advice = did_you_mean(path, [*known_paths(context, path.root), *more]) or _CORRECT
                file.add_problem(placed.steps, "unknown-path", reason, advice)
    elif not shape.named and path.root in ("", "$parent"):
        known = known_paths(context, path.root)
        if near := get_close_matches(path.text, known, 1, 0.8):
            reason = f"schema.json does not describe {path.text}"
            file.add_problem(placed.steps, "unknown-path", reason, f"did you mean {near[0]}?")


def obstacle(shape: Shape, path: Path) -> tuple[str, str]:
    """Say why there cannot be a value at a path, and what to do if that is plain."""
    keys = keys_of(path)
    for count, key in enumerate(keys):
        holder = shape.at(keys[:count])
        if holder is None or holder.member(key) is not None:
            continue
        name = ".".join(keys[:count])
        if holder.types and "object" not in holder.types:
            is_list = "array" in holder.types
            advice = f"write {name}.0, or take the list apart with each" if is_list else ""
            return f"there is no {path.text}: schema.json says that {name} is {names_of(holder.types)}", advice
    return f"schema.json allows no value at {path.text}", ""


def _is_written(path: Path, written: set[tuple[str, ...]]) -> bool:
    keys = path.keys
    return not keys or any(target[: len(keys)] == keys[: len(target)] for target in written)
