"""Masks: what redaction hides, as a tree of the paths a source lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from .path import Path, is_index

MASK = "*****"
"""What stands in place of a masked value, as vendors themselves write it in their logs."""

Mask: TypeAlias = "dict[str, Mask] | bool"
"""True masks the value; an object masks members by key, `*` standing for each."""


def mask_of(paths: tuple[Path, ...]) -> Mask:
    """The mask that covers these paths."""
    tree: dict[str, Any] = {}
    for path in paths:
        keys = [step for key in path.keys for step in key.split(".")]
        keys = [key for place, key in enumerate(keys) if place == 0 or not is_index(key)]
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


def below(mask: Mask, keys: Iterable[str]) -> Mask | None:
    """The part of `mask` that covers what is read at `keys`; list positions are passed through."""
    for key in keys:
        if mask is True:
            return True
        inner = _of_member(mask, key)
        if inner is None:
            return None
        mask = inner
    return mask or None


def of_element(mask: Mask) -> Mask:
    """What covers an element of a list: what is listed may name elements as `*`, or pass them through."""
    return (_either(mask, mask.get("*")) or mask) if isinstance(mask, dict) else mask


def hide(value: Any, mask: Mask) -> Any:
    """A copy of `value` in which everything `mask` covers is `*****`; empty text and null stay.

    What should be an object of secrets and is text instead, is hidden too.
    """
    if isinstance(value, list) and mask is not True:
        of_each = of_element(mask)
        return [hide(element, of_each) for element in value]
    if isinstance(value, dict) and mask is not True:
        hidden = dict(value)
        for key, member in value.items():
            inner = _of_member(mask, key)
            if inner is not None:
                hidden[key] = hide(member, inner)
        return hidden
    if value is None or value == "" or not (mask is True or (isinstance(mask, dict) and "*" in mask)):
        return value
    return MASK


def _of_member(mask: Mask, key: str) -> Mask | None:
    """What covers a member: its key, or `*`; where the key holds dots, the path it reads like.

    A key that could be a list position is one: what is listed for the elements covers it.
    """
    if not isinstance(mask, dict):
        return mask or None
    inner = _either(mask.get(key), mask.get("*"))
    if "." in key:
        return _either(inner, below(mask, key.split(".")))
    return _either(mask, inner) if is_index(key) else inner


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return one if other is None else other
    if not isinstance(one, dict) or not isinstance(other, dict):
        return True
    return {key: _either(one.get(key), other.get(key)) or True for key in one | other}
