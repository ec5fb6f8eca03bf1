"""Defines what a store keeps, how it fails, and what the gateway asks of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from ...core.errors import SpringheadError


class _Discreet(msgspec.Struct, frozen=True):
    """A value whose repr shows the size of what a sender sent, never its content."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_outline(getattr(self, name))}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({shown})"


def _outline(value: object) -> str:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return f"<{len(value)} members>" if isinstance(value, dict) else repr(value)


class NewEvent(_Discreet, frozen=True):
    """One finished event to keep until it is delivered.

    Attributes:
        source: the configured source's name.
        message_id: the event's messageId.
        user: its userId, else its anonymousId. The events of one user of a source are kept in order.
        event: the event as UTF-8 JSON.
    """

    source: str
    message_id: str
    user: str
    event: bytes


class NewDeadLetter(_Discreet, frozen=True):
    """A dead letter to keep: a record that could not become an event, or an event the destination refuses.

    Attributes:
        source: the configured source's name.
        rule: the rule it broke: `schema/required`, `delivery/400`, `delivery/too-large`, ...
        reason: one sentence, which never quotes the record.
        pointer: the place in the body (JSON Pointer).
        line: the line of the body, counted from 1; None if the body is one document.
        record: the record as sent, as JSON, or its bytes if they could not be decoded.
        decodable: whether `record` is JSON.
        event: the finished event, if there was one.
        answer: what the destination answered to it, with write keys masked; it may quote the event.
        count: how often it came. Rejections alike in source, rule, record and `request_values` are one letter.
        request_values: what the source's mapping and id read of the request, as JSON.
    """

    source: str
    rule: str
    reason: str
    pointer: str = ""
    line: int | None = None
    record: bytes = b""
    decodable: bool = True
    event: bytes = b""
    answer: str = ""
    count: int = 1
    request_values: bytes = b""


class StoredCall(_Discreet, frozen=True):
    """The HTTP call events came in, with no headers and query values but those that its source may read."""

    method: str
    url: str
    headers: dict[str, list[str]]
    query: dict[str, list[str]]
    body: bytes


class Receipt(msgspec.Struct, frozen=True):
    """What an append stored.

    Attributes:
        stored: how many events.
        duplicates: the positions of the events accepted before, which are not stored again.
        dead_letters: the ids of the dead letters.
    """

    stored: int
    duplicates: tuple[int, ...]
    dead_letters: tuple[int, ...]


class ClaimedEvent(_Discreet, frozen=True):
    """An event to deliver.

    Attributes:
        seq: its number in the store; events are accepted in this order.
        source: as in `NewEvent`, as are `message_id`, `user` and `event`.
        accepted_at: epoch seconds.
        refusals: how often the destination refused it when it was sent alone.
    """

    seq: int
    source: str
    message_id: str
    user: str
    event: bytes
    accepted_at: float
    refusals: int


class DeadEvent(_Discreet, frozen=True):
    """A claimed event that becomes a dead letter.

    Attributes:
        seq: its number in the store.
        message_id: its messageId.
        rule: as in `NewDeadLetter`, as is `reason`.
        answer: what the destination answered, with write keys masked.
    """

    seq: int
    message_id: str
    rule: str
    reason: str
    answer: str = ""


class DeadLetterSummary(msgspec.Struct, frozen=True):
    """A dead letter as it is listed: everything but what was sent.

    Attributes:
        id: its id.
        at: when it became a dead letter, the last time, in epoch seconds.
        source: as in `NewDeadLetter`, as are `rule`, `reason`, `pointer` and `line`.
        holds: `event` if there was a finished one, else `record`.
        bytes: the length of that.
        count: how often it came.
        first_at: when it came first.
    """

    id: int
    at: float
    source: str
    rule: str
    reason: str
    pointer: str
    line: int | None
    holds: str
    bytes: int
    count: int
    first_at: float


class DeadLetter(NewDeadLetter, frozen=True, kw_only=True):
    """A whole dead letter, with its id, when it came last and first, and the call it first came in, if kept."""

    id: int
    at: float
    first_at: float
    call: StoredCall | None = None

    @property
    def summary(self) -> DeadLetterSummary:
        """The letter as it is listed."""
        why = self.source, self.rule, self.reason, self.pointer, self.line
        what = ("event" if self.event else "record", len(self.event or self.record))
        return DeadLetterSummary(self.id, self.at, *why, *what, self.count, self.first_at)


class Removal(msgspec.Struct, frozen=True):
    """How many dead letters or calls of a source, or ids of accepted events, retention has deleted.

    Attributes:
        source: the source's name; empty for ids.
        kind: `dead_letter`, `call` for a call that was kept although nothing was wrong with it, or `id` for one
            forgotten before its time.
        reason: `age` or `size`.
        count: how many.
    """

    source: str
    kind: str
    reason: str
    count: int


class StoreSpace(msgspec.Struct, frozen=True):
    """Bytes of a store, by what holds them.

    Attributes:
        events: undelivered events, and what is too small to be counted.
        dead_letters: dead letters, and requests that are kept.
        ids: what is remembered of accepted events, to recognise duplicates.
        log: the write-ahead log.
        free: pages of the file that new rows will take.
    """

    events: int = 0
    dead_letters: int = 0
    ids: int = 0
    log: int = 0
    free: int = 0


class StoreCounts(msgspec.Struct, frozen=True):
    """The size of what a store holds.

    Attributes:
        undelivered: events not yet delivered.
        oldest: when the oldest of them was accepted, epoch seconds.
        dead_letters: how many there are.
        bytes: on disk.
        by_source: undelivered events and dead letters of each source that ever had one.
        bytes_by_source: bytes of the events, dead letters and requests of each of these.
        oldest_by_source: as `oldest`, for each source that has undelivered events.
        space: what holds the bytes.
    """

    undelivered: int
    oldest: float | None
    dead_letters: int
    bytes: int
    by_source: dict[str, tuple[int, int]]
    bytes_by_source: dict[str, int] = {}
    oldest_by_source: dict[str, float] = {}
    space: StoreSpace = StoreSpace()


class StoreFull(SpringheadError):  # noqa: N818 - the name says what is wrong
    """The store is full: nothing of the call was stored. Answer 503 with Retry-After."""


class StoreBusy(SpringheadError):  # noqa: N818
    """Too many calls wait, or another process locks the store. Answer 503 with Retry-After."""


class StoreUnusable(SpringheadError):  # noqa: N818
    """The store cannot be opened or read: it is damaged, missing, not permitted, or of another layout."""


class LetterGone(SpringheadError):  # noqa: N818
    """A dead letter was replayed or dropped meanwhile, or some of its occurrences were: nothing was stored."""

    def __str__(self) -> str:
        return "another replay was faster, or it was dropped"


class Store(Protocol):
    """Keeps events until they are delivered. All methods may raise StoreFull, StoreBusy and StoreUnusable."""

    async def append(
        self,
        events: Sequence[NewEvent],
        dead_letters: Sequence[NewDeadLetter],
        call: StoredCall | None,
        *,
        replacing: Mapping[int, int] = MappingProxyType({}),
    ) -> Receipt:
        """Keep events and dead letters: all or nothing, durable (fsynced) when it returns.

        Args:
            events: one whose (source, message_id) was accepted within the window is counted as a duplicate and
                not stored, unless a dead letter in `replacing` is what became of it.
            dead_letters: stored with the events.
            call: the call they all came in; kept if there are dead letters, or if the store keeps all calls.
            replacing: the ids of dead letters that are replayed, and how often: so many are taken away in the
                same transaction.

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
