"""Validates JSON against a schema, and checks that a schema is one we take.

jsonschema-rs answers in half a microsecond. It never fetches a schema from a file or the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from .regex import ExpressionError, expression
from .source_file import Document

if TYPE_CHECKING:
    from .violations import Violation


class BadSchema(ValueError):  # noqa: N818 - what the document is
    """A document that is no JSON Schema we take; `where` are the steps to what is wrong."""

    def __init__(self, where: tuple[str | int, ...], reason: str) -> None:
        super().__init__(reason)
        self.where = where


class Schema:
    """A JSON Schema (2020-12), ready to validate."""

    __slots__ = ("_named", "_schema", "_validator")

    def __init__(self, schema: dict[str, Any]) -> None:
        """Raises BadSchema where `schema` is no JSON Schema, or names a schema outside itself."""
        _refuse(schema, ())
        try:
            self._validator = jsonschema_rs.Draft202012Validator(
                schema, pattern_options=jsonschema_rs.RegexOptions()
            )
        except jsonschema_rs.ValidationError as error:
            raise BadSchema(tuple(error.instance_path), error.message.splitlines()[0]) from None
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise BadSchema((), str(error).splitlines()[0]) from None
        self._schema = schema
        self._named = set(_names(schema))

    def accepts(self, value: Any) -> bool:
        """Whether the value is valid."""
        return bool(self._validator.is_valid(value))

    def names(self, where: tuple[str | int, ...]) -> bool:
        """Whether the schema itself names every step, so that a reason may: other keys are the sender's."""
        return all(isinstance(step, int) or step in self._named for step in where)

    def violations(self, value: Any) -> list[Violation]:
        """What is wrong with a value, the outermost first."""
        from .violations import violations  # noqa: PLC0415 - few processes ever need it, and it is slow to import

        return violations(self._schema, value)


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
    if schema.accepts(document.value):
        return
    rules = {"additionalProperties": "unknown-key", "required": "missing-key", "type": "wrong-type"}
    for violation in schema.violations(document.value):
        rule = rules.get(violation.keyword, "wrong-value")
        document.problem(violation.where, rule, violation.reason, violation.advice)
