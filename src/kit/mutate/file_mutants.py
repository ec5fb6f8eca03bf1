"""Lists the mutants of source.json, schema.json and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from ...core.json_value import Steps
from ..quote import quote
from .mutant import Mutant, removed, replaced

_Document: TypeAlias = dict[str, Any]

_SOURCE_RECORDS = {
    "formats": 'a body in the format "{}"',
    "batch": "a body with a list of several items at {}",
    "unwrap": "an item with its record at {}",
    "id": "a record with a value at {}, and none at what stands before it in id",
    "secrets": 'a value at {} that a row copies, and "redact": "secrets" in its config',
    "pii": 'a value at {} that a row copies, and "redact": "pii" in its config',
}
_SIGNED_CONFIG = "signing_secret in its config"
_SETTINGS: tuple[tuple[Steps, str], ...] = (
    (("items",), "a body that is a list, or holds one"),
    (("signature",), f"a call with a wrong signature, and {_SIGNED_CONFIG}"),
    (("signature", "tolerance"), f"a call that was signed long before its received_at, and {_SIGNED_CONFIG}"),
)
_HMAC: Steps = ("signature", "hmac")
_KEYWORDS = (
    *("enum", "const", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "contains"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minProperties"),
    *("maxProperties", "additionalProperties", "propertyNames", "dependentRequired", "dependentSchemas"),
    *("patternProperties", "prefixItems", "minContains", "maxContains", "unevaluatedProperties"),
    *("unevaluatedItems", "anyOf", "oneOf", "not", "then", "else"),
)
"""Keywords of a schema that refuse values, besides type and required."""
_BETWEEN = ("properties", "items", "then", "else", "allOf", "anyOf", "oneOf", "prefixItems")
"""Steps of a schema that are none of the values it describes."""


def source_mutants(about: _Document) -> Iterator[Mutant]:
    """List the mutants of a source.json: the entries of its lists removed."""
    for key, record in _SOURCE_RECORDS.items():
        for index, entry in enumerate(about.get(key, ())):
            text = entry if isinstance(entry, str) else entry["template"]
            if text != "json":  # which is always accepted
                content = removed(about, (key, index) if len(about[key]) > 1 else (key,))
                change = f"without {text} in {key}"
                listed = text if key in ("secrets", "pii") else ""
                place: Steps = (key, index)
                holds = record.format(text)
                yield Mutant("remove-path", "source.json", place, content, change, holds, listed=listed)
    for steps, record in _SETTINGS:
        if _has(about, steps):
            change = f"without {steps[-1]}"
            yield Mutant("remove-setting", "source.json", steps, removed(about, steps), change, record)
    if _has(about, _HMAC):
        other = "sha512" if about["signature"]["hmac"] != "sha512" else "sha256"
        record = f"a call with the right signature, and {_SIGNED_CONFIG}"
        content, change = replaced(about, _HMAC, other), f"with {other} for hmac"
        yield Mutant("change-argument", "source.json", _HMAC, content, change, record)


def _has(about: _Document, steps: Steps) -> bool:
    value: Any = about
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value is not None


def table_mutants(table: str, content: _Document) -> Iterator[Mutant]:
    """List the mutants of a table: each entry removed. None holds the rest of the table, which may be large."""
    for entry in content:
        change, place = f"without {quote(entry)}", (entry,)
        record = f"a record in which the value that is looked up is {quote(entry)}"
        yield Mutant("remove-entry", f"{table}.json", place, {}, change, record, place)


def schema_mutants(schema: _Document) -> Iterator[Mutant]:
    """List the mutants of a schema.json: what refuses values removed."""
    for node, steps in _nodes(schema, ()):
        keys = [step for step in steps if isinstance(step, str) and step not in _BETWEEN]
        name = ".".join(keys) or "the record"
        for index, key in enumerate(node.get("required", ())):
            record = f"a record{f' in which {name} is' if keys else ''} without {key}, which is rejected"
            yield _schema(schema, (*steps, "required", index), f"without requiring {key}", record)
        if steps:  # a record is always an object
            yield from _types(schema, node, steps, name)
        for keyword in _KEYWORDS:
            if keyword in node and node[keyword] is not True:
                record = f"a record {f'in which {name} is ' if keys else ''}refused by {keyword}"
                yield _schema(schema, (*steps, keyword), f"without {keyword} for {name}", record)


def _types(schema: _Document, node: _Document, steps: Steps, name: str) -> Iterator[Mutant]:
    types = node.get("type")
    if types is None:
        return
    other = "is of another type, which is rejected"
    yield _schema(schema, (*steps, "type"), f"without a type for {name}", f"a record in which {name} {other}")
    for index, kind in enumerate(types if isinstance(types, list) else ()):
        rest = types[:index] + types[index + 1 :]
        if rest and not (kind == "integer" and "number" in rest):
            content, record = replaced(schema, (*steps, "type"), rest), f"a record in which {name} is {kind}"
            change = f"without {kind} as a type of {name}"
            yield Mutant("remove-keyword", "schema.json", (*steps, "type", index), content, change, record)


def _nodes(value: Any, steps: Steps) -> Iterator[tuple[_Document, Steps]]:
    """List the schemas inside a schema, itself included."""
    if not isinstance(value, dict):
        return
    yield value, steps
    for keyword in ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"):
        for name, member in value.get(keyword, {}).items():
            yield from _nodes(member, (*steps, keyword, name))
    for keyword in ("items", "then", "else"):
        yield from _nodes(value.get(keyword), (*steps, keyword))
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for index, member in enumerate(value.get(keyword, ())):
            yield from _nodes(member, (*steps, keyword, index))


def _schema(schema: _Document, steps: Steps, change: str, record: str) -> Mutant:
    return Mutant("remove-keyword", "schema.json", steps, removed(schema, steps), change, record)
