"""Writes values into events: the first row that gives a value wins, and an object fills what another lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..json_value import deep_copy
from .convert import text
from .path import Path, Target, is_index, member, read


def write(event: Any, target: Target, value: Any) -> None:
    """Write a copy of a value at a target, unless something is there that it cannot be merged into."""
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
    if target.append:
        _append(node, last, deep_copy(value))
    else:
        merge_member(node, last, deep_copy(value))


def write_member(event: dict[str, Any], above: tuple[str, ...], last: str, value: Any) -> None:
    """Do what `write` does at a target of these keys, of which none is an index, but faster."""
    node: Any = event
    for key in above:
        child = node.get(key) if node.__class__ is dict else member(node, key)
        if child is None:
            child = {}
            if not _set(node, key, child):
                return
        node = child
    if node.__class__ is dict and node.get(last) is None:
        node[last] = value if value.__class__ is str else deep_copy(value)
    else:
        merge_member(node, last, deep_copy(value))


def merge_member(node: Any, key: str, value: Any) -> None:
    """Set a member that is absent or null; if it and the value are objects, add what it lacks.

    The nulls of a copied object are members like any other, so that the order of the rows does not show.
    """
    present = member(node, key)
    if present is None:
        _set(node, key, value)
    elif isinstance(present, dict) and isinstance(value, dict):
        _fill(present, value)


def _fill(filled: dict[str, Any], value: dict[str, Any]) -> None:
    """Add to an object what it lacks of another, at every level."""
    for key, added in value.items():
        present = filled.get(key)
        if present is None:
            filled[key] = added
        elif isinstance(present, dict) and isinstance(added, dict):
            _fill(present, added)


def omit(value: Any, paths: tuple[Path, ...]) -> Any:
    """Return an object, or each object of a list, without these paths; None if nothing is left."""
    return compile_omit(paths)(value)


def compile_omit(paths: tuple[Path, ...]) -> Callable[[Any], Any]:
    """Return a function that does what `omit` does with these paths; it leaves out names all at once."""
    names = frozenset(path.keys[0] for path in paths if len(path.keys) == 1)
    deeper = [path.keys for path in paths if len(path.keys) > 1]

    def run(value: Any) -> Any:
        value = _without_names(value, names)
        for keys in deeper:
            value = _without(value, keys)
        return None if value in ({}, []) else value

    return run


def pick(value: Any, paths: tuple[Path, ...]) -> Any:
    """Return an object, or each object of a list, with only these paths; None if nothing is left."""
    if isinstance(value, list):
        objects = [pick(element, paths) for element in value]
        return [picked for picked in objects if picked is not None] or None
    picked: dict[str, Any] = {}
    for path in paths:
        found = read(value, path)
        if found is not None:
            write(picked, Target(path.text, path.keys), found)
    return picked or None


def join(parts: tuple[Any, ...]) -> str | None:
    """Join the parts of a template; None if a part has no value, or is an object or a list."""
    texts = [part if part.__class__ is str else text(part) for part in parts]
    return None if None in texts else "".join(texts)  # type: ignore[arg-type] # no part is None here


def _without_names(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_without_names(element, names) for element in value]
    if not isinstance(value, dict):
        return value
    return {key: content for key, content in value.items() if key not in names}


def _without(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(element, keys) for element in value]
    if not isinstance(value, dict) or keys[0] not in value:
        return value
    rest = dict(value)
    if len(keys) == 1:
        del rest[keys[0]]
    else:
        rest[keys[0]] = _without(rest[keys[0]], keys[1:])
    return rest


def _append(node: Any, key: str, value: Any) -> None:
    present = member(node, key)
    if present is None:
        _set(node, key, [value])
    elif isinstance(present, list):
        present.append(value)


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
