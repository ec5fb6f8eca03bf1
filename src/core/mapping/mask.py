"""Masks: what redaction hides, as a tree of the paths a source lists."""

from __future__ import annotations

from typing import Any, TypeAlias

from .path import Path, is_index

MASK = "*****"
"""What stands in place of a masked value: as Auth0 itself masks passwords in its logs."""

Mask: TypeAlias = "dict[str, Mask] | bool"
"""True masks the value; an object masks members by key, `*` standing for each."""


def mask_of(paths: tuple[Path, ...]) -> Mask:
    """The mask that covers these paths."""
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        *above, last = (key for key in path.keys if not is_index(key))
        for key in above:
            node = node.setdefault(key, {})
            if node is True:
                break
        else:
            node[last] = True
    return tree


def below(mask: Mask, keys: tuple[str, ...]) -> Mask | None:
    """The part of `mask` that covers what is read at `keys`; list positions are passed through."""
    for key in keys:
        if mask is True:
            return True
        if not isinstance(mask, dict) or is_index(key):
            continue
        merged = _either(mask.get(key), mask.get("*"))
        if merged is None:
            return None
        mask = merged
    return mask or None


def hide(value: Any, mask: Mask) -> Any:
    """A copy of `value` in which everything `mask` covers is `*****`; empty text and null stay."""
    if mask is True:
        return value if value is None or value == "" else MASK
    if isinstance(value, list):
        return [hide(element, mask) for element in value]
    if not isinstance(value, dict) or not isinstance(mask, dict):
        return value
    everything = mask.get("*")
    hidden = dict(value)
    for key, member in value.items():
        inner = _either(mask.get(key), everything)
        if inner is not None:
            hidden[key] = hide(member, inner)
    return hidden


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return one if other is None else other
    if not isinstance(one, dict) or not isinstance(other, dict):
        return True
    return {key: _either(one.get(key), other.get(key)) or True for key in one | other}
