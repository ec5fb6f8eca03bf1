"""Validates JSON against a schema, and refuses schemas that reach outside their file or could be slow.

jsonschema-rs answers in half a microsecond; it never fetches a schema from a file or the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from .errors import InvalidRegex, InvalidSchema
from .json_value import Steps
from .regex import LINEAR, compile_regex
from .source_file import SourceFile

if TYPE_CHECKING:
    from .violations import Violation


_EXPECTED = {
    "type": "must be string, number, integer, boolean, object, array or null, or a list of these",
    "required": "must be a list of the names of members",
    "properties": "must be an object that has a schema for each member",
    "enum": "must be a list of values",
    "minLength": "must be a whole number, 0 or more",
    "maxLength": "must be a whole number, 0 or more",
    "minItems": "must be a whole number, 0 or more",
    "maxItems": "must be a whole number, 0 or more",
    "minimum": "must be a number",
    "maximum": "must be a number",
}
"""What may stand under the keywords that authors use most."""


class Schema:
    """A JSON Schema (2020-12), ready to validate.

    Attributes:
        accepts: says whether a value is valid.
    """

    __slots__ = ("_described", "_schema", "accepts")

    def __init__(self, schema: dict[str, Any]) -> None:
        """Raises InvalidSchema if `schema` is not a JSON Schema, or refers to one outside itself."""
        _check_supported(schema, ())
        self.accepts: Callable[[Any], bool] = _validator(schema).is_valid
        self._schema = schema
        self._described = set(_described_keys(schema))

    def describes(self, steps: Steps) -> bool:
        """Whether the schema names every key of these steps. Only then may a reason: other keys are private."""
        return all(isinstance(step, int) or step in self._described for step in steps)

    def violations(self, value: Any) -> list[Violation]:
        """Explain what is wrong with a value, the outermost first."""
        from .violations import violations  # noqa: PLC0415 - slow to import, and seldom needed

        return violations(self._schema, value)


def check(file: SourceFile, schema: Schema) -> None:
    """Record all that is wrong with an author's file according to a schema."""
    if schema.accepts(file.value):
        return
    rules = {"additionalProperties": "unknown-key", "required": "missing-key", "type": "wrong-type"}
    for violation in schema.violations(file.value):
        rule = rules.get(violation.keyword, "wrong-value")
        file.add_problem(violation.steps, rule, violation.reason, violation.advice)


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=LINEAR)
    except jsonschema_rs.ValidationError as error:
        steps = tuple(error.instance_path)
        raise InvalidSchema(steps, _expected(steps) if steps else error.message) from None
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise InvalidSchema((), str(error).splitlines()[0]) from None


def _expected(steps: Steps) -> str:
    """Say what may stand at these steps of a schema."""
    if steps[-2:-1] == ("properties",):
        return 'must be a schema, such as {"type": "string"}'
    return _EXPECTED.get(str(steps[-1]), f"is not what JSON Schema allows for {steps[-1]}")


def _described_keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield from schema["properties"]
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        yield from _described_keys(part)


def _check_supported(schema: Any, steps: Steps) -> None:
    """Refuse references out of the file, and expressions that could take more than linear time."""
    if isinstance(schema, list):
        for index, element in enumerate(schema):
            _check_supported(element, (*steps, index))
    for key, member in schema.items() if isinstance(schema, dict) else ():
        here = (*steps, key)
        if key in ("$ref", "$dynamicRef") and isinstance(member, str) and not member.startswith("#"):
            raise InvalidSchema(here, f"{key} {member!r} leaves the file: put the definition under $defs")
        if key == "pattern" and isinstance(member, str):
            _check_regex(member, here)
        if key == "patternProperties" and steps[-1:] != ("properties",):
            reason = "patternProperties is not supported, since its expressions backtrack: use propertyNames"
            raise InvalidSchema(here, reason)
        _check_supported(member, here)


def _check_regex(pattern: str, steps: Steps) -> None:
    try:
        compile_regex(pattern)
    except InvalidRegex as error:
        raise InvalidSchema(steps, str(error)) from None
