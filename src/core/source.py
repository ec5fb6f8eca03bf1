"""A source: what a source folder becomes once it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from .codec import encode
from .event import Envelope
from .framing import Framing, Locator
from .ids import Namespace
from .mapping.mapper import Mapper
from .mapping.path import Path, read
from .request import Request
from .request_filter import RequestFilter
from .schema import Schema
from .signature import Signature


class OnRejection(msgspec.Struct, frozen=True):
    """What suits a sender whose records were all rejected.

    Attributes:
        answer: an error, or `ok` as if nothing was wrong.
        reason: what the sender does after an error.
    """

    answer: Literal["error", "ok"] = "error"
    reason: str = ""


class Source(msgspec.Struct, frozen=True):
    """A kind of webhook sender, ready to take requests. Made by `load_source`, never by hand.

    Attributes:
        name, title, version, docs, setup, on_rejection: from source.json.
        folder: the folder it was loaded from.
        framing: how its requests hold their items.
        unwrap: finds the record inside an item.
        read_id: reads the id of a record, or of the delivery that brought it.
        request_paths: what its mapping and `read_id` read of a request besides its body.
        request_filter: filters requests down to what the two may read.
        signatures: how it may sign its requests; empty if it does not, or in a way that a plugin verifies.
        schema: what a record must satisfy.
        mapper: maps records to the fields of events.
        envelope: what all its events have in common.
    """

    name: str
    title: str
    version: str
    docs: str
    setup: tuple[str, ...]
    on_rejection: OnRejection
    folder: FilePath
    framing: Framing
    unwrap: Locator
    read_id: Callable[[Any, Any, Any, Any, Any], Any]
    request_paths: tuple[Path, ...]
    request_filter: RequestFilter
    signatures: tuple[Signature, ...]
    schema: Schema
    mapper: Mapper
    envelope: Envelope

    @property
    def reads_request(self) -> bool:
        """Whether its mapping or `read_id` reads more of a request than its body."""
        return bool(self.request_paths)

    def request_values(self, request: Request) -> bytes:
        """Return what they read of this request, filtered before, as JSON; empty if they read nothing.

        Equal records become equal events if their requests are equal in this.
        """
        if not self.request_paths:
            return b""
        values = request.as_json()
        return encode([read(values, path) for path in self.request_paths])

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings the source reads; it ignores all others."""
        return self.mapper.settings

    def envelope_for(self, scope: str) -> Envelope:
        """Return the envelope for one scope, whose ids differ from those of every other."""
        if not scope:
            return self.envelope
        return replace(self.envelope, namespace=Namespace(self.name, scope))
