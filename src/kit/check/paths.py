"""Holds every path that a source reads against schema.json and against the fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from ...core.json_value import Steps
from ...core.mapping.compile import compile_locator
from ...core.mapping.interpret import Scope
from ...core.mapping.mask import parse_listed_path
from ...core.mapping.path import Path, parse_path, read
from ...core.source_file import SourceFile
from .listed import covers
from .places import Context, PlacedPath, placed_paths, placed_rows, record_context
from .subject import Subject

_MAX_RECORDS = 200
"""Records whose keys are searched for the path that was meant."""


def check(subject: Subject) -> None:
    """Record paths at which there cannot be a value, and those at which no fixture has one."""
    if not subject.samples.cases and not subject.samples.installed:
        reason, advice = "the source has no fixtures", f"put cases into {subject.samples.folder}"
        subject.about.add_problem((), "no-fixtures", reason, advice)
    rows = placed_rows(subject)
    written = {target.keys for row in rows for target in row.row.to}
    passes = any(rule.passthrough for rule in subject.parsed.rules)
    for placed in placed_paths(subject, rows):
        if placed.path.root == "$event":
            if not passes and not _is_written(placed.path.keys, written):
                advice = "write it in a row, or read the record"
                reason = f"no row writes {placed.path.text.removeprefix('$event.')}"
                subject.mapping.add_problem(placed.steps, "unknown-path", reason, advice)
        elif placed.path.root == "$config" or placed.path.keys:
            _check_path(subject, subject.mapping, placed)
    _check_source_file(subject)


def _check_source_file(subject: Subject) -> None:
    about, record = subject.about.value or {}, record_context(subject)
    received = Context(subject.samples.received, record.shape)
    for index, text in enumerate(about.get("id", ())):
        is_template = isinstance(text, dict)
        steps: Steps = ("id", index, "template") if is_template else ("id", index)
        for path in _paths_in(text):
            _check_path(subject, subject.about, PlacedPath(steps, path, received))
    for key, values, container in (
        ("batch", subject.samples.documents, list),
        ("unwrap", subject.samples.items, dict),
    ):
        for index, text in enumerate(about.get(key, ())):
            locate = compile_locator((parse_path(text),), container)
            if values and not any(map(locate, values)):
                kind = "a list" if container is list else "an object"
                holders = [path for value in values[:_MAX_RECORDS] for path in _paths_to(value, container)]
                reason, advice = f"no fixture has {kind} at {text}", _did_you_mean(text, holders)
                subject.about.add_problem((key, index), "unknown-path", reason, advice)
    for key in ("secrets", "pii"):
        for index, text in enumerate(about.get(key, ())):
            _check_listed(subject, parse_listed_path(text), (key, index))


def _paths_in(entry: Any) -> Iterator[Path]:
    if isinstance(entry, str):
        yield parse_path(entry)
        return
    plain = entry["template"].replace("{{", "").replace("}}", "")
    yield from (parse_path(part.split("}")[0]) for part in plain.split("{")[1:])


def _check_path(subject: Subject, file: SourceFile, placed: PlacedPath) -> None:
    path, context = placed.path, placed.context
    shape = context.shape_of(path)
    if shape is None:
        advice = _did_you_mean(path.text, _known(context, path)) or "see schema.json"
        file.add_problem(placed.steps, "impossible-path", f"schema.json allows no value at {path.text}", advice)
    elif subject.samples.cases and not any(_has_value(scope, path) for scope in context.scopes):
        _record_unseen(file, placed.steps, path, named=shape.named, known=_known(context, path))
    elif not subject.samples.cases and not shape.named and path.root in ("", "$parent"):
        near = get_close_matches(path.text, _known(context, path), 1, 0.8)
        if near:
            reason = f"schema.json does not describe {path.text}"
            file.add_problem(placed.steps, "unknown-path", reason, f"did you mean {near[0]}?")


def _check_listed(subject: Subject, path: Path, steps: Steps) -> None:
    record = record_context(subject)
    plain = not {"*", "**"} & set(path.keys)
    shape = record.shape.at(path.keys) if plain else record.shape
    if shape is not None and subject.samples.received:
        if not any(covers(scope.record, path.keys) for scope in subject.samples.received):
            named = shape.named and plain
            _record_unseen(subject.about, steps, path, named=named, known=_known(record, path))
    elif shape is None:
        reason = f"schema.json allows no value at {path.text}"
        advice = _did_you_mean(path.text, _known(record, path)) or "see schema.json"
        subject.about.add_problem(steps, "impossible-path", reason, advice)


def _record_unseen(file: SourceFile, steps: Steps, path: Path, *, named: bool, known: list[str]) -> None:
    reason = f"no fixture ever has a value at {path.text}"
    if named and path.root in ("", "$parent"):
        file.add_problem(steps, "unseen-path", reason, "add a fixture that has one")
    else:
        advice = _did_you_mean(path.text, known) or "correct the path, or add a fixture that has a value there"
        file.add_problem(steps, "unknown-path", reason, advice)


def _has_value(scope: Scope, path: Path) -> bool:
    return read(root_value(scope, path.root), path) is not None


def root_value(scope: Scope, root: str) -> Any:
    """Return what a path with this root reads from."""
    roots = {"": scope.record, "$item": scope.item, "$request": scope.request}
    return (roots | {"$config": scope.config, "$parent": scope.parent, "$event": scope.event})[root]


def _is_written(keys: tuple[str, ...], written: Iterable[tuple[str, ...]]) -> bool:
    return not keys or any(target[: len(keys)] == keys[: len(target)] for target in written)


def _known(context: Context, path: Path) -> list[str]:
    """List the paths that fixtures and schema have at the root of this path."""
    prefix = f"{path.root}." if path.root else ""
    values = [root_value(scope, path.root) for scope in context.scopes[:_MAX_RECORDS]]
    known = dict.fromkeys(found for value in values for found in _paths_to(value, object))
    shape = {"": context.shape, "$parent": context.parent}.get(path.root)
    known |= dict.fromkeys(shape.paths() if shape else ())
    return [prefix + found for found in known if prefix + found != path.text]


def _paths_to(value: Any, kind: type, prefix: str = "", depth: int = 6) -> Iterator[str]:
    """List the dotted paths of the members of this type, at any depth."""
    for key, member in value.items() if isinstance(value, dict) and depth else ():
        if isinstance(member, kind):
            yield prefix + key
        yield from _paths_to(member, kind, f"{prefix}{key}.", depth - 1)


def _did_you_mean(text: str, known: list[str]) -> str:
    """Advise the path that ends in the same step, or the closest one; `""` if there is none."""
    last = text.rpartition(".")[2]
    same = [path for path in known if path.rpartition(".")[2].lower() == last.lower() and last != "$"]
    meant = get_close_matches(text, same, 1, 0.0) or get_close_matches(text, known, 1, 0.7)
    return f"did you mean {meant[0]}?" if meant else ""
