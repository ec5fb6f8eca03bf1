"""Writing into an event: the first row that gives a value wins, and an object fills what an object lacks."""

from __future__ import annotations

from typing import Any

from ..codec import copied
from .convert import text
from .path import Path, Target, is_index, member, read


def write(event: Any, target: Target, value: Any) -> None:
    """Write a copy of `value` at `target`, unless an earlier row stands in its way."""
    node = event
    *above, last = target.keys
    following = target.keys[1:]
    for key, next_key in zip(above, following, strict=True):
        child = member(node, key)
        if child is None:
            child = [] if is_index(next_key) else {}
            if not _set(node, key, child):
                return
        node = child
    if not target.append:
        put(node, last, copied(value))
        return
    present = member(node, last)
    if present is None:
        _set(node, last, [copied(value)])
    elif isinstance(present, list):
        present.append(copied(value))


def put(node: Any, key: str, value: Any) -> None:
    """Set `node[key]` where nothing is; where two objects meet, fill what the first lacks."""
    present = member(node, key)
    if present is None and value is not None:
        _set(node, key, value)
    elif isinstance(present, dict) and isinstance(value, dict):
        _set(node, key, filled(present, value))


def filled(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """A new object: `first`, and from `second` what it lacks, at every level."""
    both = dict(first)
    for key, value in second.items():
        put(both, key, value)
    return both


def omit(value: Any, paths: tuple[Path, ...]) -> Any:
    """The object (or each object of the list) without these paths; None where nothing is left."""
    for path in paths:
        value = _without(value, path.keys)
    return None if value in ({}, []) else value


def pick(value: Any, paths: tuple[Path, ...]) -> Any:
    """The object (or each object of the list) with these paths only; None where nothing is left."""
    if isinstance(value, list):
        return [kept for kept in (pick(element, paths) for element in value) if kept is not None] or None
    kept: dict[str, Any] = {}
    for path in paths:
        found = read(value, path)
        if found is not None:
            write(kept, Target(path.text, path.keys), found)
    return kept or None


def join(parts: tuple[Any, ...]) -> str | None:
    """The parts of a template as one text, or None where a part has no value or is no scalar."""
    texts = [text(part) for part in parts]
    return None if None in texts else "".join(texts)  # type: ignore[arg-type] # no part is None here


def _without(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(element, keys) for element in value]
    if not isinstance(value, dict) or keys[0] not in value:
        return value
    kept = dict(value)
    if len(keys) == 1:
        del kept[keys[0]]
    else:
        kept[keys[0]] = _without(kept[keys[0]], keys[1:])
    return kept


def _set(node: Any, key: str, value: Any) -> bool:
    if isinstance(node, dict):
        node[key] = value
        return True
    if not isinstance(node, list) or not is_index(key):
        return False
    index = int(key)
    node.extend([None] * (index + 1 - len(node)))
    node[index] = value
    return True
