"""Explains to a person why a value does not satisfy a schema, in words that quote no value.

The reference validator does it. It takes 60 ms to import, so that only those who need an explanation import it.
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

from .codec import encode_sorted, kind
from .regex import expression
from .suggest import suggest


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


def violations(schema: dict[str, Any], value: Any) -> list[Violation]:
    """What is wrong with a value, the outermost first."""
    try:
        errors = sorted(
            _Reference(schema, registry=Registry()).iter_errors(value),
            key=lambda error: len(error.absolute_path),
        )
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
