"""Lists what captured records hold: each path, and the values seen there."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Sequence
from typing import Any

import msgspec

from ...core.codec import Object
from ...core.mapping.path import is_index
from .captured import parse_text

_MAX_DEPTH = 6
_QUOTED = re.compile(r'[."*]|^$|^\$|\[\]$')
_UNUSUAL = re.compile(r"[*{}]")
"""In keys that mean something else in a path or a template: what they lead to is copied, not interpreted."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Sample(msgspec.Struct, frozen=True):
    """A captured record, and the item that it was unwrapped from, which may be the same."""

    record: Object
    item: Object

    def around(self) -> Object:
        """Return the members of the item that do not hold the record; none if it is the record."""
        if self.item is self.record:
            return {}
        return {key: value for key, value in self.item.items() if parse_text(value) != self.record}


class Field(msgspec.Struct, frozen=True):
    """A place where records have a scalar.

    Attributes:
        path: as a mapping reads it.
        keys: the keys that lead to it.
        words: the keys in snake case; `data[email]` of a form is two words.
        values: those seen, by the index of the record; never null or empty.
    """

    path: str
    keys: tuple[str, ...]
    words: tuple[str, ...]
    values: dict[int, Any]

    @property
    def name(self) -> str:
        """The last word."""
        return self.words[-1]

    @property
    def owner(self) -> str:
        """The word before the last one; empty at the top."""
        return self.words[-2] if len(self.words) > 1 else ""

    @property
    def is_in_item(self) -> bool:
        """Whether it stands outside the record."""
        return self.path.startswith("$item.")

    def holds(self, *types: type) -> bool:
        """Whether all values are of these types; booleans are not numbers."""
        return all(isinstance(value, types) and not isinstance(value, bool) for value in self.values.values())


def fields_of(samples: Sequence[Sample]) -> list[Field]:
    """List the fields of records, then those of the items around them."""
    found: dict[tuple[str, tuple[str, ...]], dict[int, Any]] = {}
    for index, sample in enumerate(samples):
        for keys, value in _scalars(sample.record, ()):
            found.setdefault(("", keys), {})[index] = value
    for index, sample in enumerate(samples):
        if sample.item is not sample.record:
            for keys, value in _scalars(sample.item, ()):
                if not _is_inside_record(sample, keys):
                    found.setdefault(("$item", keys), {})[index] = value
    return [
        Field(path_text(keys, root), keys, words_of(keys), values) for (root, keys), values in found.items()
    ]


def path_text(keys: Sequence[str], root: str = "") -> str:
    """Write keys as a path, quoting those that would mean something else."""
    steps = [json.dumps(key, ensure_ascii=False) if _QUOTED.search(key) else key for key in keys]
    return ".".join([root, *steps] if root else steps)


def property_target(key: str, beside: Container[str] = ()) -> str:
    """Write where a member goes below `properties`; a number makes no list.

    `data[email]` of a form goes into `data`, unless there is a member of that name beside it.
    """
    steps = [step for step in re.split(r"[\[\]]+", key) if step]
    if not steps or steps[0] in beside:
        steps = [key]
    return path_text(["properties", *(f"_{step}" if is_index(step) else step for step in steps)])


def words_of(keys: Sequence[str]) -> tuple[str, ...]:
    """Write keys in snake case: `customerId` is `customer_id`, `data[email]` is `data`, `email`."""
    parts = [part for key in keys for part in re.split(r"[\[\]]+", key) if part] or [""]
    return tuple(re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", part).lower()).strip("_") for part in parts)


def _scalars(value: Object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, member in value.items():
        if _UNUSUAL.search(key):
            continue
        if isinstance(member, dict) and len(keys) < _MAX_DEPTH:
            yield from _scalars(member, (*keys, key))
        elif not isinstance(member, dict | list) and member not in (None, ""):
            yield (*keys, key), member


def _is_inside_record(sample: Sample, keys: tuple[str, ...]) -> bool:
    value: Any = sample.item
    for key in keys[:-1]:
        value = value[key]
        if value is sample.record:
            return True
    return False
