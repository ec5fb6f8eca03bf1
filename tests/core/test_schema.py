"""Validation: the fast validator and the one that explains agree on every value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead.core.errors import InvalidSchema
from springhead.core.schema import Schema
from support.effort import scaled
from support.hosts import HOST

AUTH0 = json.loads((HOST.sources["auth0"].folder / "schema.json").read_text())
BROAD: dict[str, Any] = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": ["string", "integer", "null"], "minLength": 2},
        "b": {"enum": [1, "x", None, True]},
        "c": {"type": "array", "items": {"$ref": "#/$defs/small"}, "maxItems": 2},
        "d": {"pattern": "^[a-z]+$", "format": "email"},
        "e": {"anyOf": [{"type": "number", "minimum": 0}, {"const": "none"}]},
        "f": {"not": {"type": "boolean"}},
        "type": {"const": 1.0},
        "date": {"multipleOf": 2},
    },
    "$defs": {"small": {"type": "number", "maximum": 10}},
    "additionalProperties": {"type": ["string", "number", "object", "array", "boolean", "null"]},
}
values = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, 1.0, 2, 10**30, -(10**400), 1e300, 0.5, "", "x", "xy", "none", "é\n", "a\0b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted("abcdef")), inner, max_size=3)
    ),
    max_leaves=8,
)
records = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e", "f", "type", "date", "other"]), values)


@pytest.mark.slow
@pytest.mark.parametrize("schema", [AUTH0, BROAD], ids=["auth0", "broad"])
@settings(max_examples=scaled(100), deadline=None)
@given(record=records | values)
def test_both_validators_agree(schema: dict[str, Any], record: Any) -> None:
    """A value is accepted exactly where it has no violation, and neither validator changes it."""
    compiled = Schema(schema)
    before = json.dumps(record)

    assert compiled.accepts(record) is (compiled.violations(record) == [])
    assert json.dumps(record) == before


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"required": ["a", "b"]}, {"a": 1}, [((), "required", "b is missing")]),
        ({"type": ["string", "null"]}, 5, [((), "type", "must be text or null: it is a number")]),
        ({"properties": {"a": {"enum": ["x", 1]}}}, {"a": "y"}, [(("a",), "enum", 'must be one of "x", 1')]),
        ({"properties": {"a": {"minLength": 1}}}, {"a": ""}, [(("a",), "minLength", "must not be empty")]),
        ({"items": {"maximum": 5}}, [1, 9], [((1,), "maximum", "is not what the schema allows (maximum: 5)")]),
        (
            {"anyOf": [{"required": ["user"]}, {"required": ["name", "email"]}]},
            {"name": "Ada"},
            [((), "anyOf", "must have user or name and email")],
        ),
        ({"not": {"const": "envelope"}}, "envelope", [((), "not", 'must not be "envelope"')]),
        ({"anyOf": [{"type": "string"}]}, 1, [((), "anyOf", "is not what the schema allows (anyOf)")]),
        (
            {"additionalProperties": False, "properties": {"unwrap": {}}},
            {"unrap": 1},
            [(("unrap",), "additionalProperties", "'unrap' is not known here")],
        ),
    ],
)
def test_a_violation_says_where_and_why(schema: dict[str, Any], value: Any, expected: list[Any]) -> None:
    """In words for people, without quoting the value."""
    violations = Schema(schema).violations(value)

    assert [(one.steps, one.keyword, one.reason) for one in violations] == expected


def test_a_pattern_never_backtracks() -> None:
    """Neither validator hangs at a pattern that takes a backtracking engine forever."""
    schema = Schema({"pattern": "^(a+)+$"})
    value = "a" * 50_000 + "!"

    assert not schema.accepts(value)
    assert len(schema.violations(value)) == 1


@pytest.mark.parametrize(
    "pattern", [r"^\s$", r"^\w$", r"^\d$", "^.$", r"^\pL$", "a$", r"\bx", "[a&&b]", "x{2}"]
)
@pytest.mark.parametrize("text", ["\u00a0", "\v", "\x85", "\n", "é", "٣", "a\n", "a", "x", "éx", "&", "xx", ""])
def test_a_pattern_means_one_thing(pattern: str, text: str) -> None:
    """A text is explained as wrong exactly where it is refused."""
    schema = Schema({"pattern": pattern})

    assert schema.accepts(text) is (schema.violations(text) == [])


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        ({"properties": {"a": {"$ref": "https://example.com/a.json"}}}, ("properties", "a", "$ref")),
        ({"$ref": "other.json#/a"}, ("$ref",)),
        ({"allOf": [{"pattern": "(?<=a)b"}]}, ("allOf", 0, "pattern")),
        ({"properties": {"a": {"type": "txt"}}}, ("properties", "a", "type")),
    ],
)
def test_an_unsupported_schema_is_refused_at_its_place(schema: dict[str, Any], where: tuple[Any, ...]) -> None:
    """References never leave the file, and keywords have the types JSON Schema gives them."""
    with pytest.raises(InvalidSchema) as error:
        Schema(schema)

    assert error.value.steps == where


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (
            {"type": "strng"},
            "must be string, number, integer, boolean, object, array or null, or a list of these",
        ),
        ({"required": "kind"}, "must be a list of the names of members"),
        ({"properties": {"type": "string"}}, 'must be a schema, such as {"type": "string"}'),
        ({"properties": {"a": {"minLength": "1"}}}, "must be a whole number, 0 or more"),
        ({"minContains": "x"}, "is not what JSON Schema allows for minContains"),
    ],
)
def test_what_a_keyword_takes_is_said_in_words(schema: dict[str, Any], reason: str) -> None:
    """An author need not know the specification of JSON Schema."""
    with pytest.raises(InvalidSchema) as error:
        Schema(schema)

    assert error.value.reason == reason
