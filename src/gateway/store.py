"""The store: finished events and dead letters in, batches for delivery out; durable in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ..core.errors import SpringheadError


class Entry(msgspec.Struct, frozen=True):
    """One finished event to keep until it is delivered."""

    source: str
    message_id: str
    user: str
    event: bytes


class Letter(msgspec.Struct, frozen=True):
    """A dead letter to keep: a record that became no event, or an event nobody takes."""

    source: str
    rule: str
    reason: str
    pointer: str = ""
    line: int | None = None
    record: bytes = b""
    decodable: bool = True
    event: bytes = b""


class Call(msgspec.Struct, frozen=True):
    """The HTTP call a batch came in, without its secrets."""

    method: str
    url: str
    headers: dict[str, list[str]]
    query: dict[str, list[str]]
    body: bytes
    id: str


class Receipt(msgspec.Struct, frozen=True):
    """What became of an append: events stored, duplicates, and the ids of the dead letters."""

    stored: int
    duplicates: int
    letters: tuple[int, ...]


class Claimed(msgspec.Struct, frozen=True):
    """An event a lane is delivering."""

    seq: int
    source: str
    message_id: str
    user: str
    event: bytes
    accepted_at: float
    attempts: int


class DeadLetter(msgspec.Struct, frozen=True):
    """A dead letter as kept."""

    id: int
    at: float
    source: str
    rule: str
    reason: str
    pointer: str
    line: int | None
    record: bytes
    decodable: bool
    event: bytes
    call: Call | None


class Counts(msgspec.Struct, frozen=True):
    """What the store holds."""

    undelivered: int
    oldest: float | None
    letters: int
    bytes: int
    by_source: dict[str, tuple[int, int]]


class StoreFull(SpringheadError):  # noqa: N818 - the name says what is wrong
    """The store holds all it may."""


class StoreBusy(SpringheadError):  # noqa: N818
    """The store cannot write just now."""


class Store(Protocol):
    """Keeps events until they are delivered."""

    async def append(
        self,
        entries: Sequence[Entry],
        letters: Sequence[Letter],
        call: Call | None,
        *,
        replacing: Sequence[int] = (),
    ) -> Receipt:
        """Keep all or nothing, durable when it returns."""

    async def claim(self, lane: int, lanes: int, *, events: int, size: int, lease: float) -> list[Claimed]:
        """A lane's oldest undelivered, unleased events, in order; never behind a leased one of their user."""

    async def settle(self, delivered: Sequence[int], dead: Sequence[tuple[int, str, str]] = ()) -> None:
        """Forget delivered events; turn (seq, rule, reason) ones into dead letters. Idempotent."""

    async def release(self, seqs: Sequence[int]) -> None:
        """Give claimed events back, attempts + 1."""

    async def dead(  # noqa: PLR0913 - each is one way to choose
        self,
        *,
        source: str | None = None,
        rule: str | None = None,
        older_than: float | None = None,
        younger_than: float | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[DeadLetter]:
        """Dead letters in the order of their ids."""

    async def letter(self, id: int) -> DeadLetter | None:  # noqa: A002 - what it is called everywhere else
        """One dead letter."""

    async def drop(self, ids: Sequence[int]) -> int:
        """Forget dead letters; how many there were."""

    async def counts(self) -> Counts:
        """What the store holds."""

    async def sweep(self) -> None:
        """Retention."""

    async def close(self) -> None:
        """Close it."""
