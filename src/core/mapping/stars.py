"""Reads what the stars of a path stand for: every element of a list, or every member of an object."""

from __future__ import annotations

from typing import Any

from .mask import Mask
from .masking import apply_mask
from .path import Path, read


def read_all(value: Any, path: Path) -> list[Any] | None:
    """Read every value that the stars of a path lead to, from the value at its keys; None if there is none.

    Elements come in their order and members as sent; what is null or absent is left out. However many stars
    there are, they make one list. Each value is masked as the path says.
    """
    found = [(value, path.mask)]
    for rest in path.stars:
        nodes = [node for parent in found for node in children(*parent)]
        found = [(read(child, rest), mask and mask.at(rest.keys)) for child, mask in nodes]
    values = [value if mask is None else apply_mask(value, mask) for value, mask in found if value is not None]
    return values or None


def children(value: Any, mask: Mask | None = None) -> list[tuple[Any, Mask | None]]:
    """List the elements or members of a value, each with what is masked of it."""
    if isinstance(value, list):
        return [(element, mask and mask.elements) for element in value]
    if isinstance(value, dict):
        return [(member, mask and mask.at((key,))) for key, member in value.items()]
    return []
