"""The words of a language that a JSON Schema describes: its keys, and the texts that these may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def every_word(schema: dict[str, Any]) -> set[str]:
    """All words, each with the object it is a word of: `rule.each`, `rule: drop`."""
    definitions = {"file": schema, **schema["$defs"]}
    return {word for name, node in definitions.items() for word in _described(node, _owner(name))}


def words_of(schema: dict[str, Any], value: Any) -> set[str]:
    """The words that a value uses."""
    return set(_used(schema, schema, value, "file"))


def _described(node: dict[str, Any], owner: str) -> Iterator[str]:
    yield from (f"{owner}: {text}" for text in node.get("enum", ()))
    for key, member in node.get("properties", {}).items():
        yield f"{owner}.{key}"
        yield from _described(member, owner)
    if "items" in node:
        yield from _described(node["items"], owner)


def _used(schema: dict[str, Any], node: dict[str, Any], value: Any, owner: str) -> Iterator[str]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield from _used(schema, schema["$defs"][name], value, _owner(name))
    if isinstance(value, dict):
        members = node.get("properties", {})
        yield from (f"{owner}.{key}" for key in value if key in members)
        for key, member in value.items():
            yield from _used(
                schema, members.get(key, _as_schema(node.get("additionalProperties"))), member, owner
            )
        if "then" in node:
            yield from _used(schema, node["then"], value, owner)
        for option in node.get("anyOf", ()):
            yield from _used(schema, option, value, owner)
    elif isinstance(value, list):
        for element in value:
            yield from _used(schema, node.get("items", {}), element, owner)
    elif value in node.get("enum", ()):
        yield f"{owner}: {value}"


def _as_schema(node: Any) -> dict[str, Any]:
    return node if isinstance(node, dict) else {}


def _owner(name: str) -> str:
    return name.removesuffix("_without_to")
