"""Infers schema.json from records, and keeps of it what the mapping relies on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .fields import Field, Sample
from .mapping import Findings, recognised_fields

_EVENT_NAME = {"type": "string", "minLength": 1}


def write_schema(title: str, findings: Findings, samples: Sequence[Sample]) -> dict[str, Any]:
    """Write a schema that requires the event's name only, and lets unknown members and nulls pass.

    Raises:
        ModuleNotFoundError: genson is not installed.
    """
    from genson import SchemaBuilder  # noqa: PLC0415 - an extra that no other command needs

    builder = SchemaBuilder(schema_uri="https://json-schema.org/draft/2020-12/schema")
    for sample in samples:
        builder.add_object(sample.record)
    inferred = builder.to_schema()
    schema: dict[str, Any] = {
        "$schema": inferred["$schema"],
        "title": title,
        "description": "What the mapping needs; unknown fields are accepted.",
        "type": "object",
    }
    ids = {field.path for known in findings.people if known.target == "userId" for field in known.fields}
    for field in recognised_fields(findings):
        if not field.is_in_item:
            member = _describe(schema, inferred, field.keys)
            if field.path in ids:
                member["type"] = ["number", "string", "null"]
    if findings.event.field and not findings.event.field.is_in_item:
        _require(schema, findings.event.field)
    return schema


def _describe(schema: dict[str, Any], inferred: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Add the type of a member, which may be null, and of the objects around it; returns its schema."""
    for key in keys:
        alternatives = (inferred, *inferred.get("anyOf", ()))
        inferred = next(
            alternative["properties"] for alternative in alternatives if "properties" in alternative
        )[key]
        schema = schema.setdefault("properties", {}).setdefault(key, _nullable(inferred))
    return schema


def _nullable(inferred: dict[str, Any]) -> dict[str, Any]:
    alternatives = [inferred, *inferred.get("anyOf", ())]
    types = {name for alternative in alternatives for name in _types(alternative)}
    if "integer" in types:
        types = types - {"integer"} | {"number"}
    return {"type": sorted(types | {"null"}, key=lambda name: (name == "null", name))} if types else {}


def _types(schema: dict[str, Any]) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def _require(schema: dict[str, Any], field: Field) -> None:
    for index, key in enumerate(field.keys):
        members = schema.setdefault("properties", {})
        if key not in schema.setdefault("required", []):
            schema["required"].append(key)
        is_last = index == len(field.keys) - 1
        members[key] = dict(_EVENT_NAME) if is_last else {**members.get(key, {}), "type": "object"}
        schema = members[key]
