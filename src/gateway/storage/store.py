"""Defines what the gateway asks of a store, wherever that keeps its events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from .records import (
    ClaimedEvent,
    DeadEvent,
    DeadLetter,
    DeadLetterSummary,
    NewDeadLetter,
    NewEvent,
    Receipt,
    Removal,
    StoreCounts,
    StoredCall,
)


class Store(Protocol):
    """Keeps events until they are delivered. All methods may raise StoreFull, StoreBusy and StoreUnusable.

    Its methods are called in one event loop, many at a time.
    """

    @property
    def location(self) -> str:
        """Where the events are, as errors name it: for operators, not for senders."""

    @property
    def identity(self) -> str:
        """What tells the store from any other, however it is addressed; known once it is open."""

    async def open(self, *, delivers: bool = True, alone: bool = False) -> None:
        """Make it ready. Nothing else may be called before.

        Args:
            delivers: whether events are claimed; a command that only looks takes no gateway's share of them.
            alone: whether no other process may claim events, as far as can be told.

        Raises:
            StoreBusy: another process claims events.
        """

    def on_append(self, appended: Callable[[str], None]) -> None:
        """Have this called in the event loop with the source of each new event that may be claimed.

        Whichever process stored it, as far as this one is told; the rest is found by looking.
        """

    async def append(
        self,
        events: Sequence[NewEvent],
        dead_letters: Sequence[NewDeadLetter],
        call: StoredCall | None,
        *,
        replacing: Mapping[int, int] = MappingProxyType({}),
    ) -> Receipt:
        """Keep events and dead letters: all of them are durable when it returns.

        After an error a part may be kept: the sender's retry finds it accepted before.

        Args:
            events: one whose (source, message_id) was accepted within the window is counted as a duplicate and
                not stored, unless a dead letter in `replacing` is what became of it.
            dead_letters: stored with the events.
            call: the call they all came in; kept if there are dead letters, or if the store keeps all calls.
            replacing: the ids of dead letters that are replayed, and how often: so many are taken away
                with it.

        Raises:
            LetterGone: a dead letter in `replacing` is not there as often.
        """

    async def probe(self, sources: Collection[str]) -> None:
        """Raise whatever keeps an event from being stored now: write one, durably, and take it back.

        It does not raise while at least one of these sources may still store events.
        """

    async def claim(  # noqa: PLR0913 - limits, each of its own kind
        self, source: str, lane: int, lanes: int, *, events: int, size: int, lease: float
    ) -> list[ClaimedEvent]:
        """Lease the oldest undelivered events of a lane, in order: at least one if there is one.

        Never an event of a user who has an older one leased; never a second event of a user whose oldest was
        refused alone.

        Args:
            source: the source's name.
            lane: from 0; users are spread over the lanes of a source, and stay in theirs.
            lanes: how many there are: 1, 2, 4, 8 or 16.
            events: the most to claim.
            size: the most bytes of events to claim, together.
            lease: seconds after which the claim ends by itself; it may end before with the process.
        """

    async def claim_behind(self, seq: int, *, refusals_below: int, lease: float) -> ClaimedEvent | None:
        """Lease the next event of the same user behind this one that was refused alone less often.

        None if there is none, or if it is leased itself.
        """

    async def acknowledge(self, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()) -> None:
        """Forget delivered events (by seq), and turn others into dead letters. Idempotent."""

    async def hand_over(self, seqs: Sequence[int]) -> None:
        """Forget claimed events that another store has now: they can be accepted again, and come back."""

    async def adopt(self, letter: DeadLetter, key: bytes) -> None:
        """Keep a dead letter of another store, with its times and its count: once for each key of 16 bytes."""

    async def release(self, seqs: Sequence[int]) -> None:
        """End the leases of events, so that they can be claimed again."""

    async def postpone(self, seq: int, *, refusals: int, seconds: float) -> None:
        """Note how often an event was refused alone, and lease it for the seconds until its next try."""

    async def dead_letters(  # noqa: PLR0913 - filters, each optional
        self,
        *,
        source: str | None = None,
        rule: str | None = None,
        older_than: float | None = None,
        younger_than: float | None = None,
        after: int = 0,
        newest: bool = False,
        limit: int = 100,
    ) -> list[DeadLetterSummary]:
        """Dead letters in the order of their ids, from the one after `after`.

        Ages are in seconds, since a letter came last.
        With `newest` the order is reversed: from the newest, or from the one before `after` if that is not 0.
        """

    async def dead_letter(self, id: int) -> DeadLetter | None:  # noqa: A002 - what it is called everywhere
        """One whole dead letter; None if there is none with this id."""

    async def drop(self, ids: Sequence[int]) -> int:
        """Drop dead letters, and return how many there were. An event among them can be accepted again."""

    async def counts(self) -> StoreCounts:
        """How much is kept. The cost does not grow with that."""

    async def sweep(self) -> list[Removal]:
        """Delete the ids seen before the window, and dead letters and calls beyond their age and size.

        A clock may be wrong for a while: a time far from what was expected counts once it has lasted an hour.
        """

    async def close(self) -> None:
        """Finish what was asked for, and close."""
