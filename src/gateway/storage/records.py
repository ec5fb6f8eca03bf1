"""Defines what a store keeps, and how it fails."""

from __future__ import annotations

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
