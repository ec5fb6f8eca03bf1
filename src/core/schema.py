"""Validation: a value in, yes or no out; and where no, where and why, in words that quote no value.

Two validators read each schema: jsonschema-rs answers in half a microsecond, jsonschema explains.
Neither ever fetches a schema from a file or the network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from .codec import encode_sorted, kind
from .regex import ExpressionError, expression
from .source_file import Document
from .suggest import suggest


class BadSchema(ValueError):  # noqa: N818 - what the document is
    """A document that is no JSON Schema we take; `where` are the steps to what is wrong."""

    def __init__(self, where: tuple[str | int, ...], reason: str) -> None:
        super().__init__(reason)
        self.where = where


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing a value breaks: the steps to it, the schema's keyword, why, and the schema's own advice."""

    where: tuple[str | int, ...]
    keyword: str
    reason: str
    advice: str


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # The reference validator's own `pattern` backtracks; text from a sender meets linear time only.
    if isinstance(instance, str) and not expression(pattern).search(instance):
        yield ValidationError("does not match")


def _unique(_: Any, wanted: bool, instance: Any, __: Any) -> Iterator[ValidationError]:
    # The reference validator compares each element with each other.
    if wanted and isinstance(instance, list) and len({encode_sorted(one) for one in instance}) < len(instance):
        yield ValidationError("are not unique")


_Reference = extend(Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique})  # type: ignore[no-untyped-call] # not typed upstream


class Schema:
    """A JSON Schema (2020-12), ready to validate."""

    __slots__ = ("_named", "_reference", "_validator")

    def __init__(self, schema: dict[str, Any]) -> None:
        """Raises BadSchema where `schema` is no JSON Schema, or names a schema outside itself."""
        _refuse(schema, ())
        try:
            Draft202012Validator.check_schema(schema)
            self._validator = jsonschema_rs.Draft202012Validator(
                schema, pattern_options=jsonschema_rs.RegexOptions()
            )
        except SchemaError as error:
            raise BadSchema(tuple(error.absolute_path), error.message) from None
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise BadSchema((), str(error).splitlines()[0]) from None
        self._reference = _Reference(schema, registry=Registry())
        self._named = set(_names(schema))

    def accepts(self, value: Any) -> bool:
        """Whether the value is valid."""
        return bool(self._validator.is_valid(value))

    def names(self, where: tuple[str | int, ...]) -> bool:
        """Whether the schema itself names every step, so that a reason may: other keys are the sender's."""
        return all(isinstance(step, int) or step in self._named for step in where)

    def violations(self, value: Any) -> list[Violation]:
        """What is wrong with a value, the outermost first."""
        try:
            errors = sorted(self._reference.iter_errors(value), key=lambda error: len(error.absolute_path))
        except RecursionError:  # a schema that refers to itself in a circle
            return []
        return [violation for error in errors for violation in _violations(error)]


def _violations(error: ValidationError) -> Iterator[Violation]:
    where = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    instance: Any = error.instance
    schema = error.schema if isinstance(error.schema, dict) else {}
    advice = str(schema.get("description", ""))
    keyword = str(error.validator)
    if keyword == "required":
        missing = [key for key in wanted if key not in instance]
        if missing and repr(missing[0]) not in error.message:  # one error for each missing key
            missing = [key for key in missing if repr(key) in error.message]
        for key in missing[:1]:
            yield Violation(where, keyword, f"{key} is missing", _described(schema, key))
    elif keyword == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        for key in (key for key in instance if key not in known):
            yield Violation((*where, key), keyword, f"{key!r} is not known here", suggest(key, known))
    elif keyword == "type":
        types = wanted if isinstance(wanted, list) else [wanted]
        yield Violation(where, keyword, f"must be {_one_of(types)}: it is {kind(instance)}", advice)
    elif keyword in ("enum", "const"):
        allowed = wanted if keyword == "enum" else [wanted]
        texts = [json.dumps(one) for one in allowed]
        yield Violation(where, keyword, f"must be one of {', '.join(texts)}", advice)
    elif keyword in ("minLength", "minItems", "minProperties") and wanted == 1:
        yield Violation(where, keyword, "must not be empty", advice)
    else:
        said = "" if isinstance(wanted, dict | list) else f" ({keyword}: {wanted})"
        yield Violation(where, keyword, f"is not what the schema allows{said or f' ({keyword})'}", advice)


_TYPES = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_TYPES |= {"object": "an object", "array": "a list", "null": "null"}


def _one_of(types: list[str]) -> str:
    return " or ".join(_TYPES.get(one, one) for one in types)


def _described(schema: dict[str, Any], key: str) -> str:
    member = schema.get("properties", {}).get(key, {})
    return str(member.get("description", "")) if isinstance(member, dict) else ""


def _names(schema: Any) -> Iterator[str]:
    """The keys that a schema describes."""
    inner = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield from schema["properties"]
    for part in inner:
        yield from _names(part)


def _refuse(schema: Any, where: tuple[str | int, ...]) -> None:
    """Refuse what reaches outside the file, and expressions that could take more than linear time."""
    if isinstance(schema, list):
        for index, element in enumerate(schema):
            _refuse(element, (*where, index))
    for key, member in schema.items() if isinstance(schema, dict) else ():
        here = (*where, key)
        if key in ("$ref", "$dynamicRef") and isinstance(member, str) and not member.startswith("#"):
            raise BadSchema(here, f"{key} {member!r} leaves the file: put the definition under $defs")
        if key == "pattern" and isinstance(member, str):
            _refuse_expression(member, here)
        if key == "patternProperties" and where[-1:] != ("properties",):
            raise BadSchema(
                here, "patternProperties is not taken: its expressions backtrack; use propertyNames"
            )
        _refuse(member, here)


def _refuse_expression(pattern: str, where: tuple[str | int, ...]) -> None:
    try:
        expression(pattern)
    except ExpressionError as error:
        raise BadSchema(where, str(error)) from None


def check(document: Document, schema: Schema) -> None:
    """Note on an author's file everything its schema says against it."""
    rules = {"additionalProperties": "unknown-key", "required": "missing-key", "type": "wrong-type"}
    for violation in schema.violations(document.value):
        rule = rules.get(violation.keyword, "wrong-value")
        document.problem(violation.where, rule, violation.reason, violation.advice)
