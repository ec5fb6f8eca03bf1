"""What is true of any JSON value: how to copy it, compare it, name its type and point into it."""

from __future__ import annotations

from typing import Any, TypeAlias

Steps: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from a value to one inside it."""


def deep_copy(value: Any) -> Any:
    """Copy a JSON value; the copy shares no object or list with it."""
    if isinstance(value, dict):
        return {key: member if type(member) is str else deep_copy(member) for key, member in value.items()}
    if isinstance(value, list):
        return [deep_copy(element) for element in value]
    return value


def json_equal(value: Any, scalar: Any) -> bool:
    """Compare as JSON does: `true` is not 1, and 1 is 1.0."""
    if isinstance(value, bool) or isinstance(scalar, bool):
        return value is scalar
    return bool(value == scalar)


def type_name(value: Any) -> str:
    """Name the type of a value for people: `text`, `a number`, `an object`, `null`, ..."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text" if value else "empty text"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return f"a {type(value).__name__}, which JSON does not have"


def pointer(*steps: str | int) -> str:
    """Write steps as a JSON Pointer (RFC 6901); without steps it is the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
