"""Turns HTML forms and queries into objects, also forms as RudderStack's gateway passes them on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl


def parse_form(body: bytes) -> dict[str, Any]:
    """Parse a form into an object: a field that comes once is text, one that comes several times a list."""
    return parse_query(body.decode("utf-8", "replace"))


def parse_query(text: str) -> dict[str, Any]:
    """Parse the query of a URL, which is written as a form is."""
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in form.items()}


def unpack_form(value: dict[str, Any]) -> dict[str, Any]:
    """Do the same with a form that RudderStack's gateway turned into JSON, every field a list of texts."""
    is_form = value and all(
        isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts)
        for texts in value.values()
    )
    if not is_form:
        return value
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in value.items()}
