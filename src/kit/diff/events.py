"""Compares the events that two versions of a source make of one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from ...core.codec import Object


class Missing(Enum):
    """Stands for a value that is not there, which null is not."""

    MISSING = "missing"


MISSING = Missing.MISSING
Pair: TypeAlias = tuple[Object, Object]


class Change(msgspec.Struct, frozen=True):
    """A value that differs: where, `*` standing for the elements of a list, and both values or `MISSING`."""

    path: str
    old: Any
    new: Any


def pair_events(old: Sequence[Object], new: Sequence[Object]) -> tuple[list[Pair], list[Object], list[Object]]:
    """Find the events of two versions that are the same one; returns the pairs, and what is only in either.

    Those with one messageId are the same, then those with one type and name, in their order. Of what is left,
    those of one type are, if both versions have as many.
    """
    pairs, removed, added = [], list(old), list(new)
    for key, is_sure in ((_message_id, True), (_type_and_name, True), (_type, False)):
        found, removed, added = _pair_by(key, removed, added, is_sure=is_sure)
        pairs += found
    return pairs, removed, added


def changes_between(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """List the values that differ; a list that has grown or shrunk differs as a whole, too."""
    old, new = _members(old, new), _members(new, old)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            inner = f"{path}.{key}" if path else key
            yield from changes_between(old.get(key, MISSING), new.get(key, MISSING), inner)
    elif isinstance(old, list) and isinstance(new, list):
        for before, after in zip(old, new, strict=False):
            yield from changes_between(before, after, f"{path}.*")
        if len(old) != len(new):
            yield Change(path, old, new)
    elif type_of(old) is not type_of(new) or old != new:
        yield Change(path, old, new)


def type_of(value: Any) -> type:
    """Return the type of a JSON value; there is one for all numbers."""
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def _pair_by(
    key: Callable[[Object], Any], old: Sequence[Object], new: Sequence[Object], *, is_sure: bool
) -> tuple[list[Pair], list[Object], list[Object]]:
    """Pair events of one key in their order; unless that is sure, only if both sides have as many of them."""
    pairs: list[Pair] = []
    removed: list[Object] = []
    added: list[Object] = []
    old_by_key, new_by_key = _grouped(old, key), _grouped(new, key)
    for value in {**old_by_key, **new_by_key}:
        before, after = old_by_key.get(value, []), new_by_key.get(value, [])
        count = min(len(before), len(after)) if is_sure or len(before) == len(after) else 0
        pairs += zip(before[:count], after[:count], strict=True)
        removed += before[count:]
        added += after[count:]
    return pairs, removed, added


def _grouped(events: Sequence[Object], key: Callable[[Object], Any]) -> dict[Any, list[Object]]:
    groups: dict[Any, list[Object]] = {}
    for event in events:
        groups.setdefault(key(event), []).append(event)
    return groups


def _members(value: Any, other: Any) -> Any:
    """Return a value; if it is missing, no members for those of the other, so that each differs by itself."""
    return {} if value is MISSING and isinstance(other, dict) and other else value


def _message_id(event: Object) -> Any:
    return event["messageId"]


def _type_and_name(event: Object) -> Any:
    return event["type"], event.get("event")


def _type(event: Object) -> Any:
    return event["type"]
