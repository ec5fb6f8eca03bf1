"""A source: what a source folder becomes once it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from .event import Envelope
from .framing import Framing, Locator
from .mapping.mapper import Mapper
from .schema import Schema


class Source(msgspec.Struct, frozen=True):
    """A kind of webhook sender, ready to take requests. Made by `load_source`, never by hand.

    Attributes:
        name, title, version, docs, setup: from source.json.
        folder: the folder it was loaded from.
        framing: how its requests hold their items.
        unwrap: finds the record inside an item.
        read_id: reads the sender's own id of a record.
        schema: what a record must satisfy.
        mapper: maps records to the fields of events.
        envelope: what all its events have in common.
    """

    name: str
    title: str
    version: str
    docs: str
    setup: tuple[str, ...]
    folder: Path
    framing: Framing
    unwrap: Locator
    read_id: Callable[[Any, Any, Any, Any, Any], Any]
    schema: Schema
    mapper: Mapper
    envelope: Envelope

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings the source reads; it ignores all others."""
        return self.mapper.settings
