"""Follows the paths of source.json in a record or a body: they lead into lists and into text that is JSON."""

from __future__ import annotations

from typing import Any

from ...core.codec import parse
from ...core.errors import InvalidJson
from ...core.mapping.path import member


def covers(value: Any, keys: tuple[str, ...]) -> bool:
    """Whether there is a value at these keys; `*` is any key or element, `**` any number, lists need no key."""
    if isinstance(value, list):
        elements = keys[1:] if keys[:1] == ("*",) else keys
        return any(covers(element, keys) or covers(element, elements) for element in value)
    if not keys:
        return value is not None and value != ""
    key, rest = keys[0], keys[1:]
    if isinstance(value, str):
        inner = _decoded(value)
        return inner is not None and covers(inner, keys)
    if not isinstance(value, dict):
        return False
    if key == "**":
        return covers(value, rest) or any(covers(member, keys) for member in value.values())
    if key == "*":
        return any(covers(member, rest) for member in value.values())
    return covers(value.get(key), rest) or covers(value.get(".".join(keys)), ())


def holds_container(value: Any, keys: tuple[str, ...], kind: type) -> bool:
    """Whether there is a list or an object at these keys."""
    if isinstance(value, str):
        value = _decoded(value)
    if not keys:
        return isinstance(value, kind)
    return holds_container(member(value, keys[0]), keys[1:], kind) or (
        len(keys) > 1 and holds_container(member(value, ".".join(keys)), (), kind)
    )


def _decoded(text: str) -> Any:
    if text.strip()[:1] not in ("{", "["):
        return None
    try:
        value = parse(text.encode())
    except InvalidJson:
        return None
    return value if isinstance(value, dict | list) else None
