"""Finds what schema.json says in vain: JSON Schema ignores keywords that it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from ...core.json_value import Steps, type_name
from ...core.suggest import suggest
from .function_types import names_of
from .shape import Shape, types_of_value
from .subject import Subject

_OF_TYPE = {
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": (
        *("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"),
        *("minContains", "maxContains", "unevaluatedItems"),
    ),
    "object": (
        *("properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"),
        *("dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    ),
}
"""Keywords that apply to values of one type, and say nothing of others."""
_KEYWORDS = {
    *(keyword for keywords in _OF_TYPE.values() for keyword in keywords),
    *("type", "enum", "const", "format", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("$schema", "$id", "$ref", "$defs", "$anchor", "$dynamicRef", "$dynamicAnchor", "$comment", "$vocabulary"),
    *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
    *("contentEncoding", "contentMediaType", "contentSchema", "definitions"),
}
_OF_SCHEMAS = ("properties", "$defs", "definitions", "dependentSchemas")
"""Keywords whose members are schemas."""
_SCHEMAS = (
    *(
        "items",
        "additionalProperties",
        "propertyNames",
        "contains",
        "not",
        "if",
        "then",
        "else",
        "allOf",
        "anyOf",
    ),
    *("oneOf", "prefixItems", "unevaluatedItems", "unevaluatedProperties"),
)


def check(subject: Subject) -> None:
    """Record what has no effect, and members without a type."""
    root = subject.schema.value
    for schema, steps in _schemas(root, ()):
        _check_keywords(subject, schema, steps)
        _check_required(subject, Shape(root, schema), schema, steps)
    if subject.samples.received and not subject.samples.accepted:
        _record_refusal(subject)
    _check_values(subject, root, (), [scope.record for scope in subject.samples.received])


def _schemas(value: Any, steps: Steps) -> Iterator[tuple[dict[str, Any], Steps]]:
    """List the schemas inside a schema, itself included."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _schemas(element, (*steps, index))
    if not isinstance(value, dict):
        return
    yield value, steps
    for keyword in _SCHEMAS:
        yield from _schemas(value.get(keyword), (*steps, keyword))
    for keyword in _OF_SCHEMAS:
        members = value.get(keyword)
        for name, member in members.items() if isinstance(members, dict) else ():
            yield from _schemas(member, (*steps, keyword, name))


def _check_keywords(subject: Subject, schema: dict[str, Any], steps: Steps) -> None:
    types = Shape(subject.schema.value, schema).types
    for keyword in schema:
        place = (*steps, keyword)
        if keyword not in _KEYWORDS and not keyword.startswith("x-"):
            near = get_close_matches(keyword, _KEYWORDS, 1, 0.6)
            advice = f"did you mean {near[0]}?" if near else "remove it: a member is described in properties"
            reason = f"JSON Schema has no keyword {keyword!r}, so this says nothing"
            subject.schema.add_problem(place, "unknown-keyword", reason, advice)
        elif keyword == "format":
            reason = "format is a remark: it refuses no value"
            subject.schema.add_problem(place, "format-ignored", reason, "say what you rely on with pattern")
        for name, keywords in _OF_TYPE.items():
            if keyword in keywords and types and name not in types:
                reason = f"{keyword} has no effect on {names_of(types)}"
                subject.schema.add_problem(place, "no-effect", reason, "correct the type, or remove it")


def _check_required(subject: Subject, shape: Shape, schema: dict[str, Any], steps: Steps) -> None:
    names, required = shape.names, schema.get("required", ())
    for index, name in enumerate(required):
        if names and name not in names and not _is_inside_condition(steps):
            advice = suggest(name, names) + ", or describe it in properties"
            reason = f"required names {name!r}, which properties does not describe"
            subject.schema.add_problem((*steps, "required", index), "unknown-required", reason, advice)
    for name in names:
        member, place = shape.member(name), (*steps, "properties", name)
        if name not in schema.get("properties", {}) or member is None or not isinstance(member.node, dict):
            continue
        says_type = member.types is not None or {"not", "$ref", "anyOf", "oneOf", "allOf"} & member.node.keys()
        relied_on = name in required or any(key in member.node for keys in _OF_TYPE.values() for key in keys)
        if relied_on and not says_type:
            reason = f"{name} may be of any type here, also null"
            subject.schema.add_problem(place, "no-type", reason, 'give it a type: {"type": "string"}')


def _record_refusal(subject: Subject) -> None:
    """Record that no record of the fixtures satisfies the schema, and why the first does not."""
    record = subject.samples.received[0].record
    first = next(iter(subject.source.schema.violations(record)), None)
    why = f": {'.'.join(map(str, first.steps))} {first.reason}".replace(":  ", ": ") if first else ""
    reason = f"no record in the fixtures satisfies schema.json{why}"
    advice = "correct it, or batch and unwrap in source.json, which say where the records are"
    subject.schema.add_problem((), "refused-fixtures", reason, advice)


def _check_values(subject: Subject, schema: Any, steps: Steps, values: list[Any]) -> None:
    """Record members that in every fixture have another type than the schema says, or another value."""
    if not isinstance(schema, dict) or not values:
        return
    shape = Shape(subject.schema.value, schema)
    allowed, types = shape.values, shape.types
    if allowed is not None and not any(value in allowed for value in values):
        reason, advice = "in every fixture the value is none of these", "correct the list, or the fixtures"
        subject.schema.add_problem(steps, "refused-fixtures", reason, advice)
    elif types is not None and not any(types & (types_of_value(value) or types) for value in values):
        reason = f"schema.json says {names_of(types)}, but every fixture has {type_name(values[0])}"
        subject.schema.add_problem(steps, "refused-fixtures", reason, "correct the type, or the fixtures")
    for name, member in schema.get("properties", {}).items():
        found = [value[name] for value in values if isinstance(value, dict) and value.get(name) is not None]
        _check_values(subject, member, (*steps, "properties", name), found)
    elements = [element for value in values if isinstance(value, list) for element in value]
    _check_values(subject, schema.get("items"), (*steps, "items"), elements)


def _is_inside_condition(steps: Steps) -> bool:
    return bool({"if", "then", "else", "not", "allOf", "anyOf", "oneOf"} & set(steps))
