"""Says whether a path listed as secret or personal covers anything in a record."""

from __future__ import annotations

from typing import Any

from ...core.codec import parse
from ...core.errors import InvalidJson


def covers(value: Any, keys: tuple[str, ...]) -> bool:
    """Whether there is a value at these keys; `*` is any key, `**` any number, and lists need no key."""
    if isinstance(value, list):
        return any(covers(element, keys) for element in value)
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


def _decoded(text: str) -> Any:
    if text.strip()[:1] not in ("{", "["):
        return None
    try:
        value = parse(text.encode())
    except InvalidJson:
        return None
    return value if isinstance(value, dict | list) else None
