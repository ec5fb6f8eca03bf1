"""Lists the fields that the rows of a mapping write, those inside of objects and lists included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ...core.json_value import Steps
from .paths import Lists, inside
from .rows import as_list, changes_of, origin_of


class Field(msgspec.Struct, frozen=True):
    """A field that a row writes, or a member of the object or of the list's elements that it writes.

    Attributes:
        row: the steps to the row in mapping.json.
        targets: where it is written, as the author wrote it; with `*` for the elements of an `each`.
        below: the keys from the row's value to the member; empty for the row's own field.
        origin: where the value is read, in words.
        changes: what is done with it, in words.
    """

    row: Steps
    targets: tuple[str, ...]
    below: tuple[str, ...]
    origin: str
    changes: str


def fields_of(row: dict[str, Any], steps: Steps) -> Iterator[Field]:
    """List the field of a row, then those inside it."""
    return _fields(row, steps, tuple(as_list(row["to"])), (), ())


def _fields(
    value: Any, steps: Steps, targets: tuple[str, ...], below: tuple[str, ...], lists: Lists
) -> Iterator[Field]:
    yield Field(steps, targets, below, origin_of(value, lists), changes_of(value, lists))
    if not isinstance(value, dict):
        return
    for name, member in value.get("object", {}).items():
        yield from _fields(member, steps, _members(targets, name), (*below, name), lists)
    if "each" not in value:
        return
    origin = value.get("from")
    elements = inside(origin if isinstance(origin, str) else "", lists)
    for row in value["each"]:
        for target in as_list(row["to"]):
            yield from _fields(row, steps, _members(targets, f"*.{target}"), (*below, "*", target), elements)


def _members(targets: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(f"{target}.{name}" for target in targets)
