"""Masks: trees of the paths a source lists as secret or personal, which tell redaction what to hide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .path import Mask, Path, is_index

MASKED = "*****"
"""Takes the place of a masked value, as it does in vendors' own logs."""


def build_mask(paths: tuple[Path, ...]) -> Mask:
    """Build the mask that covers these paths."""
    tree: dict[str, Any] = {}
    for path in paths:
        keys = [step for key in path.keys for step in key.split(".")]
        keys = [key for position, key in enumerate(keys) if position == 0 or not is_index(key)]
        if not keys:
            return True
        node: Any = tree
        for key in keys[:-1]:
            node = node.setdefault(key, {})
            if node is True:
                break
        else:
            node[keys[-1]] = True
    return tree


def mask_at(mask: Mask, keys: Iterable[str]) -> Mask | None:
    """Return the part of a mask that covers what is read at `keys`; indexes are skipped."""
    for key in keys:
        if mask is True:
            return True
        inner = _member_mask(mask, key)
        if inner is None:
            return None
        mask = inner
    return mask or None


def element_mask(mask: Mask) -> Mask:
    """Return what covers the elements of a list: a path may name them as `*`, or leave them out."""
    return (_union(mask, mask.get("*")) or mask) if isinstance(mask, dict) else mask


def apply_mask(value: Any, mask: Mask) -> Any:
    """Copy a value with `*****` in place of all that the mask covers, except empty text and null.

    If the mask covers all members of an object and the value is text instead, the text is masked too.
    """
    if isinstance(value, list) and mask is not True:
        inner = element_mask(mask)
        return [apply_mask(element, inner) for element in value]
    if isinstance(value, dict) and mask is not True:
        masked = dict(value)
        for key, member in value.items():
            member_mask = _member_mask(mask, key)
            if member_mask is not None:
                masked[key] = apply_mask(member, member_mask)
        return masked
    if value is None or value == "" or not (mask is True or (isinstance(mask, dict) and "*" in mask)):
        return value
    return MASKED


def _member_mask(mask: Mask, key: str) -> Mask | None:
    """Return what covers a member: its key, or `*`; a key with dots in it counts as the path it looks like.

    A key that could be an index counts as one, so that what covers the elements of a list covers it.
    """
    if not isinstance(mask, dict):
        return mask or None
    inner = _union(mask.get(key), mask.get("*"))
    if "." in key:
        return _union(inner, mask_at(mask, key.split(".")))
    return _union(mask, inner) if is_index(key) else inner


def _union(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return one if other is None else other
    if not isinstance(one, dict) or not isinstance(other, dict):
        return True
    return {key: _union(one.get(key), other.get(key)) or True for key in one | other}
