"""Compiles the regular expressions of source folders, which search a text in linear time.

They run on the engine that validates schemas, so that `matches` and a `pattern` of schema.json mean the same.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TypeAlias

import jsonschema_rs

from .errors import InvalidRegex

Search: TypeAlias = Callable[[str], bool]
"""Says whether an expression is found in a text."""

LINEAR = jsonschema_rs.RegexOptions()
"""Makes a validator search in linear time, without look-around and back-references."""

_POSIX_CLASS = re.compile(r"\[:\^?[a-z]+:\]")


def compile_regex(pattern: str) -> Search:
    """Compile an expression.

    Raises:
        InvalidRegex: it is not a regular expression, or cannot be searched for in linear time.
    """
    if _POSIX_CLASS.search(pattern):
        raise InvalidRegex(pattern, r"classes such as [:alpha:] are not supported: write \p{L} or [A-Za-z]")
    try:
        validator = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=LINEAR)
    except (jsonschema_rs.ValidationError, ValueError):
        raise InvalidRegex(pattern, _reason(pattern)) from None
    search: Search = validator.is_valid
    return search


def _reason(pattern: str) -> str:
    """Say why the engine refuses an expression: it names no reason itself."""
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(pattern)
    except (re.error, OverflowError) as error:
        return str(error)
    return "look-around, back-references, unknown escapes, bare braces and huge repetitions are not supported"
