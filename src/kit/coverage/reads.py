"""Finds what a source reads of a record and of the item around it: rows, conditions and ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ...core.id_entries import parse_ids, paths_of
from ...core.ids import Namespace
from ...core.json_value import Steps
from ...core.mapping.model import Build, EventMapping, ListOf, Row
from ...core.mapping.path import STAR, Path
from ...core.mapping.pattern import Pattern
from ...core.source import Source
from ...core.source_file import read_source_file

Place: TypeAlias = tuple[str, ...]
"""A root, such as `""` or `$item`, and the keys from it; `*` is any key."""


def list_reads(source: Source) -> frozenset[Place]:
    """List the places that a source reads, with all that is below them."""
    about = read_source_file(source.folder / "source.json")
    ids = paths_of(parse_ids(about, Namespace(source.name)))
    return frozenset([*_of_mapping(source.mapper.mapping), *_places(ids, ("",), ("",))])


def is_read(reads: frozenset[Place], root: str, steps: Steps) -> bool:
    """Whether what these steps lead to is read; a key may hold dots."""
    keys = [key for step in steps for key in str(step).split(".")]
    return any(_leads_to(place, (root, *keys)) for place in reads)


def _leads_to(place: Place, keys: tuple[str, ...]) -> bool:
    pairs = zip(place, keys, strict=False)
    return len(place) <= len(keys) and all(wanted in (STAR, key) for wanted, key in pairs)


def _of_mapping(mapping: EventMapping) -> Iterator[Place]:
    record: Place = ("",)
    for rule in mapping.rules:
        yield from _of_pattern(rule.when, record, record)
        yield from _places([rule.passthrough] if rule.passthrough else (), record, record)
        inner = record if rule.each is None else _elements(rule.each, record, record)
        for row in (*((rule.event,) if rule.event else ()), *rule.rows):
            yield from _of_row(row, inner, record)
    for reply in mapping.replies:
        yield from _of_pattern(reply.when, record, record)
        yield from _of_row(reply.body, record, record)


def _of_row(row: Row, record: Place, parent: Place) -> Iterator[Place]:
    """List what a row reads that reads the element at `record`, which is inside `parent`."""
    yield from _of_pattern(row.when, record, parent)
    for part in (row.fallback, *_members(row)):
        if part is not None:
            yield from _of_row(part, record, parent)
    paths = [*row.origin_paths()]
    if row.pick:
        paths = paths[len(paths) // (1 + len(row.pick)) :]  # those it picks stand behind those it reads
    if row.each is None:
        yield from _places(paths, record, parent)
    for inner in row.each or ():
        for path in paths:
            are_elements = isinstance(row.origin, ListOf)  # what stands at the paths of an `all` is one list
            element = _place(path, record, parent) if are_elements else _elements(path, record, parent)
            yield from _of_row(inner, element, record)


def _elements(path: Path, record: Place, parent: Place) -> Place:
    """Return the place of the elements of the list that a path reads."""
    place = _place(path, record, parent)
    return place if path.stars else (*place, STAR)


def _members(row: Row) -> tuple[Row, ...]:
    return tuple(member for _, member in row.origin.members) if isinstance(row.origin, Build) else ()


def _of_pattern(when: Pattern | None, record: Place, parent: Place) -> Iterator[Place]:
    return _places(when.paths() if when else (), record, parent)


def _places(paths: Iterable[Path], record: Place, parent: Place) -> Iterator[Place]:
    return (_place(path, record, parent) for path in paths)


def _place(path: Path, record: Place, parent: Place) -> Place:
    """Return the place that a path leads to, from its root."""
    base = {"": record, "$parent": parent}.get(path.root, (path.root,))
    steps = [*path.keys, *(key for rest in path.stars for key in (STAR, *rest.keys))]
    return (*base, *(key for step in steps for key in step.split(".")))
