"""What schema.json says of one place in a record: its types, its members, and whether it can exist at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...core.mapping.path import is_index

_JSON_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}
_MAX_REFERENCES = 32
_LIST_ONLY = frozenset({"array"})

Types = frozenset[str] | None
"""JSON types a value may have, where an integer is a number; None if any."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One place in a record.

    Attributes:
        root: the whole schema, in which references are looked up.
        node: the part of it that applies here; True if it says nothing.
        named: whether the schema names the place.
    """

    root: Any
    node: Any
    named: bool = True

    @property
    def types(self) -> Types:
        """The types a value here may have; null counts as no value."""
        types: Types = None
        for part in self._parts():
            types = types if types is not None else _types_of(part)
        for key in ("anyOf", "oneOf"):
            found = [Shape(self.root, inner).types for part in self._parts() for inner in part.get(key, ())]
            if types is None and found and None not in found:
                types = frozenset().union(*(types or () for types in found))
        return types

    @property
    def values(self) -> list[Any] | None:
        """All values that are possible here; None if the schema does not list them."""
        for part in self._parts():
            if "const" in part:
                return [part["const"]]
            if isinstance(part.get("enum"), list):
                return list(part["enum"])
        return None

    @property
    def names(self) -> list[str]:
        """The members that the schema names here."""
        return [name for part in self._all_parts() for name in part.get("properties", {})]

    @property
    def required(self) -> list[str]:
        """The members that an object here must have."""
        return [name for part in self._parts() for name in part.get("required", ())]

    def member(self, key: str) -> Shape | None:
        """Return the shape of a member or an element; None if there cannot be one."""
        for part in self._all_parts():
            if key in part.get("properties", {}):
                return Shape(self.root, part["properties"][key], self.named)
        types = self.types
        if types is not None and not types & {"object", "array"}:
            return None
        if key in ("*", "**"):
            return self.elements if key == "*" and types == _LIST_ONLY else self._unknown()
        if is_index(key) and (types is None or "array" in types):
            return self.elements
        if types == _LIST_ONLY or any(part.get("additionalProperties") is False for part in self._parts()):
            return None
        return self._unknown()

    @property
    def elements(self) -> Shape:
        """The shape of the elements of a list."""
        items = next((part["items"] for part in self._parts() if "items" in part), True)
        return Shape(self.root, items, self.named and items is not True)

    def as_list(self) -> Shape:
        """Return the shape of a list of such values."""
        return Shape(self.root, {"type": "array", "items": self.node}, self.named)

    def at(self, keys: tuple[str, ...]) -> Shape | None:
        """Return the shape of what is read at these keys; None if there cannot be anything."""
        shape: Shape | None = self
        for position, key in enumerate(keys):
            dotted = ".".join(keys[position:])
            if position < len(keys) - 1 and shape is not None and dotted in shape.names:
                return shape.member(dotted)
            shape = None if shape is None else shape.member(key)
        return shape

    def paths(self, prefix: str = "", depth: int = 6) -> Iterator[str]:
        """List the dotted paths of all members that the schema names."""
        for name in self.names if depth else ():
            yield prefix + name
            if (member := self.member(name)) is not None:
                yield from member.paths(f"{prefix}{name}.", depth - 1)

    def _unknown(self) -> Shape:
        return Shape(self.root, True, named=False)

    def _parts(self) -> Iterator[dict[str, Any]]:
        """The schemas that all hold here: the node, what it refers to, and its `allOf`."""
        pending = [self.node]
        for _ in range(_MAX_REFERENCES):
            if not pending:
                return
            part = pending.pop()
            if isinstance(part, dict):
                yield part
                pending += [_referred(self.root, part["$ref"])] if "$ref" in part else []
                pending += part.get("allOf", [])

    def _all_parts(self) -> Iterator[dict[str, Any]]:
        """Those, and the alternatives."""
        for part in self._parts():
            yield part
            for key in ("anyOf", "oneOf", "then", "else"):
                inner = part.get(key, ())
                yield from (x for x in (inner if isinstance(inner, list) else [inner]) if isinstance(x, dict))


def types_of_value(value: Any) -> Types:
    """Return the type of one value as JSON Schema names it; None for null."""
    return None if value is None else frozenset({_JSON_TYPES[type(value)]})


def _types_of(part: dict[str, Any]) -> Types:
    if "type" in part:
        names = part["type"] if isinstance(part["type"], list) else [part["type"]]
        return frozenset("number" if name == "integer" else name for name in names) - {"null"}
    listed = [part["const"]] if "const" in part else part.get("enum")
    if isinstance(listed, list) and listed:
        return frozenset(name for value in listed for name in types_of_value(value) or ())
    return None


def _referred(root: Any, reference: str) -> Any:
    node = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        node = node.get(key, True) if isinstance(node, dict) else True
    return node
