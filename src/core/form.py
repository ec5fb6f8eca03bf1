"""Turns HTML forms and queries into objects, also forms as RudderStack's gateway passes them on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs


def parse_form(body: bytes) -> dict[str, list[str]]:
    """Parse a form as RudderStack's gateway does: every field is a list of texts."""
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def parse_query(text: str) -> dict[str, Any]:
    """Parse the query of a URL: a name that comes once is text, one that comes several times a list."""
    return _unpack(parse_qs(text, keep_blank_values=True))


def unpack_form(value: dict[str, Any]) -> dict[str, Any]:
    """Do the same with an object that is a form, every field a list of texts; any other stays as it is."""
    is_form = value and all(
        isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts)
        for texts in value.values()
    )
    return _unpack(value) if is_form else value


def _unpack(fields: dict[str, list[str]]) -> dict[str, Any]:
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}
