"""Says how the requests of a source hold their items, and where in a body each item stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from .codec import parse
from .errors import InvalidJson
from .json_value import Steps, pointer

MAX_ITEMS = 10_000
"""Items accepted in one body: far more than any vendor sends, and a limit to what `[1,1,1,...]` can cost."""

Locator: TypeAlias = Callable[[Any], "tuple[Any, tuple[str, ...]] | None"]
"""Finds a value inside an object, and the keys that lead to it; None if it is not there.

The value is an `Undecodable` if it was sent as text that begins as JSON and is not.
"""


class Framing(msgspec.Struct, frozen=True):
    """How the requests of a source hold their items.

    Attributes:
        formats: of `json`, `json-lines`, `form`, `query`.
        find_batch: finds the list at the first of the source's `batch` paths that has one.
        body_is_item: whether a body is one item, whatever it holds.
    """

    formats: tuple[str, ...]
    find_batch: Locator
    body_is_item: bool = False


class Undecodable(msgspec.Struct, frozen=True):
    """The bytes of an item that cannot be decoded, the rule they break, and why."""

    data: bytes
    rule: str
    reason: str


class Location(msgspec.Struct, frozen=True):
    """Where an item stands in a body: its line in JSON lines, and the steps that lead to it."""

    line: int | None = None
    steps: Steps = ()

    def element(self, index: int) -> Location:
        """Locate an element of the list here."""
        return Location(self.line, (*self.steps, index))

    def pointer(self, *steps: str | int) -> str:
        """Write the JSON Pointer to the item, or to what these further steps lead to."""
        return pointer(*self.steps, *steps)


LocatedItem: TypeAlias = tuple[Location, Any]
"""Where an item stands, and the item, or an `Undecodable`."""


def parse_item(data: bytes) -> Any:
    """Parse an item; one that cannot be parsed becomes an `Undecodable`."""
    try:
        return parse(data)
    except InvalidJson as error:
        return Undecodable(data, error.rule, error.reason)
