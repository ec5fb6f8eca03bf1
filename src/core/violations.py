"""Explains to people why a value does not satisfy a schema, in words that quote no value.

The reference validator does the work. Importing it takes longer than all of springhead, so that this module is
imported only if an explanation is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry

from .codec import encode_sorted
from .json_value import Steps, type_name
from .regex import compile_regex
from .suggest import suggest

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a value.

    Attributes:
        steps: lead to the place in the value.
        keyword: the keyword of the schema that is violated.
        reason: why, as the end of a sentence about the place.
        advice: what the schema says of the place.
    """

    steps: Steps
    keyword: str
    reason: str
    advice: str


def violations(schema: dict[str, Any], value: Any) -> list[Violation]:
    """List what is wrong with a value, the outermost first."""
    try:
        errors = sorted(
            _Validator(schema, registry=Registry()).iter_errors(value),
            key=lambda error: len(error.absolute_path),
        )
    except RecursionError:  # the schema refers to itself in a circle
        return []
    return [violation for error in errors for violation in _explained(error)]


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # The reference validator's own expressions backtrack, and differ from those of the fast one.
    if isinstance(instance, str) and not compile_regex(pattern)(instance):
        yield ValidationError("does not match")


def _unique(_: Any, wanted: bool, instance: Any, __: Any) -> Iterator[ValidationError]:
    # The reference validator compares each element with each other.
    if wanted and isinstance(instance, list) and len(set(map(encode_sorted, instance))) < len(instance):
        yield ValidationError("are not unique")


_Validator = extend(Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique})  # type: ignore[no-untyped-call] # not typed upstream


def _explained(error: ValidationError) -> Iterator[Violation]:
    steps = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    keyword = str(error.validator)
    advice = str(schema.get("description", ""))
    if keyword == "required":
        (key,) = (key for key in wanted if error.message.startswith(repr(key)))
        yield Violation(steps, keyword, f"{key} is missing", _description(schema, key))
    elif keyword == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        keys: Any = error.instance
        for key in (key for key in keys if key not in known):
            yield Violation((*steps, key), keyword, f"{key!r} is not known here", suggest(key, known))
    else:
        yield Violation(steps, keyword, _reason(keyword, wanted, error.instance), advice)


def _reason(keyword: str, wanted: Any, instance: Any) -> str:
    if keyword == "type":
        types = [_TYPES[name] for name in (wanted if isinstance(wanted, list) else [wanted])]
        return f"must be {' or '.join(types)}: it is {type_name(instance)}"
    if keyword in ("enum", "const"):
        allowed = wanted if keyword == "enum" else [wanted]
        return f"must be one of {', '.join(map(json.dumps, allowed))}"
    if keyword in ("minLength", "minItems", "minProperties") and wanted == 1:
        return "must not be empty"
    if keyword == "maxProperties" and wanted == 1:
        return "must have one member only"
    if keyword == "uniqueItems":
        return "must not hold the same twice"
    if keyword == "pattern":
        return f"does not match {wanted}"
    if keyword == "anyOf" and all(isinstance(one, dict) and one.get("required") for one in wanted):
        return f"must have {' or '.join(' and '.join(one['required']) for one in wanted)}"
    if keyword == "not" and isinstance(wanted, dict) and "const" in wanted:
        return f"must not be {json.dumps(wanted['const'])}"
    detail = keyword if isinstance(wanted, dict | list) else f"{keyword}: {wanted}"
    return f"is not what the schema allows ({detail})"


def _description(schema: dict[str, Any], key: str) -> str:
    member = schema.get("properties", {}).get(key, {})
    return str(member.get("description", "")) if isinstance(member, dict) else ""
