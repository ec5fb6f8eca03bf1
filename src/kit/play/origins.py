"""Finds where in a request the value at each path of an event came from, and which row wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.errors import InvalidPath
from ...core.json_value import Steps, pointer
from ...core.mapping.path import Path, is_index, parse_path
from ..explain.row_trace import ReadValue, Trace


class Place(msgspec.Struct, frozen=True):
    """A place in a request.

    Attributes:
        part: `body`, or what else the value is from: `headers`, `query`, `url`, `method`, `config`.
        at: the JSON Pointer in the body, or the name of the header, the query value or the setting.
        line: the line of the body, in JSON lines.
    """

    part: str
    at: str = ""
    line: int | None = None


class Located(msgspec.Struct, frozen=True):
    """A value of a body, and the steps that lead to it."""

    steps: Steps
    value: Any

    def children(self) -> Iterator[Located]:
        """List the elements or members of the value."""
        pairs: Iterable[tuple[str | int, Any]] = ()
        if isinstance(self.value, dict | list):
            pairs = self.value.items() if isinstance(self.value, dict) else enumerate(self.value)
        return (Located((*self.steps, step), child) for step, child in pairs)

    def child(self, key: str) -> Located | None:
        """Return a member by its name, or an element by its index; None if there is none."""
        if isinstance(self.value, dict) and key in self.value:
            return Located((*self.steps, key), self.value[key])
        if isinstance(self.value, list) and is_index(key) and int(key) < len(self.value):
            return Located((*self.steps, int(key)), self.value[int(key)])
        return None

    def follow(self, keys: tuple[str, ...]) -> Located | None:
        """Follow keys as a mapping does: those of an object may have dots in them."""
        if not keys:
            return self
        ends = (len(keys), *range(1, len(keys)))
        for end in ends:
            child = self.child(".".join(keys[:end]))
            target = None if child is None else child.follow(keys[end:])
            if target is not None:
                return target
        return None


class Reach(msgspec.Struct, frozen=True):
    """What the paths of a row lead to: the roots, each with its place in the body."""

    record: Located
    item: Located
    parent: Located | None = None
    line: int | None = None

    def element(self, element: Located) -> Reach:
        """Return what the rows of an `each` reach from one element."""
        return replace(self, record=element, parent=self.record)

    def locate(self, text: str) -> list[Located]:
        """Find what a path leads to in the body; several values if it has a `*`."""
        path = _parsed(text)
        roots = {"": self.record, "$item": self.item, "$parent": self.parent}
        start = None if path is None else roots.get(path.root)
        if path is None or start is None:
            return []
        values = [start.follow(path.keys)]
        for star in path.stars:
            values = [child.follow(star.keys) for value in values if value for child in value.children()]
        return [value for value in values if value is not None]

    def place(self, located: Located) -> Place:
        """Say where in the body something is."""
        return Place("body", pointer(*located.steps), self.line)


class Origin(msgspec.Struct, frozen=True):
    """Where the value at a path of an event is from: the row that wrote it, and what that row read."""

    row: Trace
    places: tuple[Place, ...]


def find_origin(leaf: str, value: Any, trace: Trace, reach: Reach) -> Origin:
    """Find the origin of the value at `leaf`, a path that the row of a trace wrote."""
    rest = _below(leaf, trace.to)
    inner = _of_element(rest, value, trace, reach)
    if inner is not None:
        return inner
    reads = [read for read in trace.reads if read.value is not None]
    places = [pair for read in reads for pair in _places(read, rest, value, reach)]
    if rest:  # a part of what the row wrote is from a part of what it read, if that is the same
        places = [(place, copied) for place, copied in places if copied == value] or places
    return Origin(trace, tuple(dict.fromkeys(place for place, _ in places)))


def _of_element(rest: str, value: Any, trace: Trace, reach: Reach) -> Origin | None:
    """Find the origin in the rows of an `each`; None if it cannot be told which element it is from."""
    index, _, leaf = rest.partition(".")
    if not is_index(index) or int(index) >= len(trace.elements):
        return None
    writers = [inner for inner in trace.elements[int(index)] if inner.wrote.get(leaf) == value]
    for read in trace.reads if writers else ():
        for source in reach.locate(read.path):
            elements = list(source.children())
            if len(elements) == len(trace.elements):
                return find_origin(leaf, value, writers[-1], reach.element(elements[int(index)]))
    return None


def _places(read: ReadValue, rest: str, value: Any, reach: Reach) -> Iterator[tuple[Place, Any]]:
    """List where a row read, or where the value at `rest` is in that; each place with what is there."""
    path = _parsed(read.path)
    if path is not None and path.root in ("$request", "$config"):
        part, *names = path.keys if path.root == "$request" else ("config", *path.keys)
        yield Place(part, ".".join(names)), read.value
        return
    for located in reach.locate(read.path):
        copied = located.follow(tuple(rest.split("."))) if rest else None
        source = copied if copied is not None and copied.value == value else located
        yield reach.place(source), source.value


def _below(leaf: str, targets: tuple[str, ...]) -> str:
    """The rest of a path below that of the targets which leads to it."""
    for target in targets:
        if leaf.startswith(f"{target}."):
            return leaf[len(target) + 1 :]
    return "" if targets else leaf


def _parsed(text: str) -> Path | None:
    try:
        return parse_path(text)
    except InvalidPath:
        return None
