"""What the rows at one place of a mapping read from, in the fixtures and by schema.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from ...core.mapping.interpret import Scope, row_value
from ...core.mapping.model import Read, Row
from ...core.mapping.path import Path
from .shape import Shape

UNKNOWN = Shape(True, node=True, named=False)


@dataclass(frozen=True, slots=True)
class Context:
    """What rows read from: the fixtures' records, or inside `each` their elements, and their shape."""

    scopes: list[Scope]
    shape: Shape
    parent: Shape | None = None

    def shape_of(self, path: Path) -> Shape | None:
        """Return what the schema says of a path; None if there cannot be a value."""
        root = {"": self.shape, "$parent": self.parent}.get(path.root)
        return UNKNOWN if root is None else root.at(keys_of(path))

    def read_shape(self, row: Row) -> Shape:
        """Return what the schema says of the value that a row reads: a list, if its path has a star."""
        paths = read_paths(row)
        shape = self.shape_of(paths[0]) if len(paths) == 1 and isinstance(row.origin, Read) else None
        if shape is None:
            return UNKNOWN
        return shape.as_list() if "*" in keys_of(paths[0]) else shape

    def elements(self, row: Row) -> Context:
        """Return what the rows of an `each` read from, if this row reads the list."""
        scopes = [
            replace(scope, record=element, parent=scope.record)
            for scope, value in self._values(Row(row.origin, omit=row.omit, pick=row.pick))
            for element in (value if isinstance(value, list) else ())
        ]
        return Context(scopes, self.read_shape(row).elements, self.shape)

    def copied(self, row: Row) -> Context:
        """Return what `omit` and `pick` read from: the object that this row copies, or each of a list."""
        scopes = [
            replace(scope, record=copied)
            for scope, value in self._values(Row(row.origin))
            for copied in (value if isinstance(value, list) else [value])
        ]
        shape = self.read_shape(row)
        return Context(scopes, shape.elements if shape.types and "array" in shape.types else shape)

    def _values(self, row: Row) -> list[tuple[Scope, Any]]:
        return [(scope, row_value(row, scope)) for scope in self.scopes]


def keys_of(path: Path) -> tuple[str, ...]:
    """Return the keys of a path, those after its stars included."""
    return path.keys + tuple(key for star in path.stars for key in ("*", *star.keys))


def read_paths(row: Row) -> tuple[Path, ...]:
    """Return the paths at which a row reads its value, without those it picks from that."""
    return tuple(replace(row, pick=()).origin_paths())
