"""Holds the paths in source.json against schema.json and against the fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.json_value import Steps
from ...core.mapping.mask import parse_listed_path
from ...core.mapping.path import Path, parse_path
from .context import Context
from .json_paths import covers, holds_container
from .known_paths import did_you_mean, did_you_mean_listed, known_paths, paths_to
from .mapping_paths import check_path, obstacle
from .places import PlacedPath, record_context
from .subject import Subject


def check(subject: Subject) -> None:
    """Record paths that find nothing: batches, records, ids, secrets and personal data."""
    if not subject.samples.files and not subject.samples.installed:
        reason, advice = "the source has no fixtures", f"put cases into {subject.samples.folder}"
        subject.about.add_problem((), "no-fixtures", reason, advice)
    about = subject.about.value or {}
    record = record_context(subject)
    received = Context(subject.samples.received, record.shape)
    _check_containers(subject, "batch", subject.samples.documents, list)
    _check_containers(subject, "unwrap", subject.samples.items, dict)
    around = tuple(known_paths(received, "$item"))
    for index, entry in enumerate(about.get("id", ())):
        steps: Steps = ("id", index, "template") if isinstance(entry, dict) else ("id", index)
        for path in _paths_in(entry):
            check_path(subject, subject.about, PlacedPath(steps, path, received), around)
    known = known_paths(received, "")
    for key in ("secrets", "pii"):
        for index, text in enumerate(about.get(key, ())):
            _check_listed(subject, parse_listed_path(text), (key, index), known)


def _check_containers(subject: Subject, key: str, values: list[dict[str, Any]], container: type) -> None:
    """Record the paths at which no fixture has a list of items, or the object that is the record."""
    for index, text in enumerate((subject.about.value or {}).get(key, ())):
        keys = parse_path(text).keys
        if values and not any(holds_container(value, keys, container) for value in values):
            kind = "a list" if container is list else "an object"
            holders = dict.fromkeys(path for value in values for path in paths_to(value, container))
            top = [path for path in holders if "." not in path]
            advice = did_you_mean(text, holders) or (
                f"use one of {', '.join(top)}" if top else "correct the path"
            )
            subject.about.add_problem((key, index), "unknown-path", f"no fixture has {kind} at {text}", advice)


def _paths_in(entry: Any) -> Iterator[Path]:
    """List the paths that an entry of `id` reads."""
    if isinstance(entry, str):
        yield parse_path(entry)
        return
    plain = entry["template"].replace("{{", "").replace("}}", "")
    yield from (parse_path(part.split("}")[0]) for part in plain.split("{")[1:])


def _check_listed(subject: Subject, path: Path, steps: Steps, known: list[str]) -> None:
    shape = record_context(subject).shape
    is_plain = not {"*", "**"} & set(path.keys)
    found = shape.at(path.keys) if is_plain and not _leads_into_list(path, subject) else shape
    if found is None:
        reason, advice = obstacle(shape, path)
        advice = did_you_mean(path, known) or advice or "see schema.json"
        subject.about.add_problem(steps, "impossible-path", reason, advice)
    elif subject.samples.show_records and not _is_covered(subject, path):
        reason = f"no fixture ever has a value at {path.text}"
        if is_plain and found is not shape and found.named:
            subject.about.add_problem(steps, "unseen-path", reason, "add a fixture that has one")
        else:
            advice = (
                did_you_mean_listed(path, known) or "correct the path, or add a fixture that has a value there"
            )
            subject.about.add_problem(steps, "unknown-path", reason, advice)


def _is_covered(subject: Subject, path: Path) -> bool:
    """Whether a record, or the item around it, has a value at a listed path: both are masked."""
    samples = subject.samples
    return any(covers(value, path.keys) for scope in samples.received for value in (scope.record, scope.item))


def _leads_into_list(path: Path, subject: Subject) -> bool:
    """Whether a step of the path is a list, which listed paths need not mention."""
    shape = record_context(subject).shape
    holders = (shape.at(path.keys[:count]) for count in range(len(path.keys)))
    return any(holder is not None and holder.types and "array" in holder.types for holder in holders)
