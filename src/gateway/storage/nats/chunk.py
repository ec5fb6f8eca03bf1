"""Packs events of one bucket and source into messages, and says under which subjects they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..records import StoredCall

MAX_EVENTS = 512
"""The most events of a message."""
_INDEX_BITS = 10
"""Bits of an event's number that say where it is in its message; the others are the message's sequence."""
_SIZE_BITS = 4
"""Sizes of messages have so many leading bits, and zeros: 56 sizes up to `MAX_EVENTS`, and as many subjects."""


_OVERHEAD = 500
"""Bytes that an event or a call takes at most besides its parts: in a message, or in memory."""


class PackedEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event as it is kept.

    Attributes:
        message_id: as in `NewEvent`, as are `user` and `event`.
        digest: the 16 bytes by which a duplicate is recognised.
        call: where the call it came in is among those of its message; -1 if that is not kept.
    """

    message_id: str
    user: str
    event: bytes
    digest: bytes
    call: int = -1

    @property
    def size(self) -> int:
        """About how many bytes it takes, without its call."""
        return len(self.event) + len(self.message_id.encode()) + len(self.user.encode()) + _OVERHEAD


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """What one message holds: events in their order, and the calls they came in."""

    events: list[PackedEvent]
    calls: list[StoredCall] = []


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Chunk).decode


def sizes(count: int) -> Iterator[int]:
    """The sizes of the messages that so many events are packed into; few sizes, and few messages."""
    while count:
        size = min(count, MAX_EVENTS)
        size &= -1 << max(size.bit_length() - _SIZE_BITS, 0)
        yield size
        count -= size


def size_of(call: StoredCall) -> int:
    """About how many bytes a call takes."""
    return len(call.body) + len(encode((call.url, call.headers, call.query))) + _OVERHEAD


def pack(events: Sequence[PackedEvent], calls: Sequence[StoredCall | None], max_bytes: int) -> Iterator[Chunk]:
    """The messages of these events, each with its call: of at most `max_bytes`, or of one event."""
    start = 0
    while start < len(events):
        end, taken, last = start, 0, None
        while end < len(events):
            event, call = events[end], calls[end]
            taken += event.size
            taken += size_of(call) if call is not None and call is not last else 0
            if taken > max_bytes and end > start:
                break
            end, last = end + 1, call
        for size in sizes(end - start):
            yield _chunk(events[start : start + size], calls[start : start + size])
            start += size


def _chunk(events: Sequence[PackedEvent], calls: Sequence[StoredCall | None]) -> Chunk:
    if not any(calls):
        return Chunk(list(events))
    kept: list[StoredCall] = []
    packed = []
    for event, call in zip(events, calls, strict=True):
        if call is not None and (not kept or kept[-1] is not call):
            kept.append(call)
        packed.append(event if call is None else msgspec.structs.replace(event, call=len(kept) - 1))
    return Chunk(packed, kept)


def number_of(sequence: int, index: int) -> int:
    """The number of an event in the store, from the sequence of its message and its index there."""
    return sequence << _INDEX_BITS | index


def sequence_and_index(number: int) -> tuple[int, int]:
    """The sequence of an event's message, and its index there."""
    return number >> _INDEX_BITS, number & (1 << _INDEX_BITS) - 1


def token(name: str) -> str:
    """A name of any characters as one token of a subject."""
    return name.encode().hex() or "-"


def name_of(token_: str) -> str:
    """The name that a token stands for."""
    return "" if token_ == "-" else bytes.fromhex(token_).decode()  # noqa: S105 - of a subject
