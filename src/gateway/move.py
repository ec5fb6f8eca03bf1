"""Moves what waits and what is dead from one store to another, so that a gateway can go on with that one."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

import msgspec

from ..core.errors import SpringheadError
from .storage.records import DeadLetter, NewEvent
from .storage.store import Store

_EVENTS, _BYTES = 500, 2_000_000
"""How much is moved at once."""
_LEASE = 600.0
_PAUSE = 0.2
_PATIENCE = 30.0
"""Seconds to wait for events that cannot be claimed: their leases may be those of a gateway that was killed."""
_LETTERS = 20
"""Dead letters that are moved at once: each may hold the whole body of a call."""


class Moved(msgspec.Struct):
    """How much was moved.

    Attributes:
        events: events that the target did not have.
        duplicates: events that it had, as after a move that was interrupted.
        dead_letters: dead letters.
    """

    events: int = 0
    duplicates: int = 0
    dead_letters: int = 0


class SameStore(SpringheadError):  # noqa: N818 - the name says what is wrong
    """A store cannot be moved to itself."""


class EventsHeld(SpringheadError):  # noqa: N818
    """Events of the store cannot be moved, because another process has claimed them."""


async def move(source: Store, target: Store, report: Callable[[Moved], None] = lambda _: None) -> Moved:
    """Move everything, and return how much that was.

    What the target has is kept there before the source forgets it. So a move that was interrupted goes on when
    it is run again: the target drops the events that it has by their messageId, and the letters by their key.

    Args:
        source: a store that this process alone claims from.
        target: another store; a user's events keep their order if no gateway accepts there meanwhile.
        report: called now and then with how much was moved so far.

    Raises:
        StoreFull, StoreBusy, StoreUnusable: one of the two cannot go on.
        SameStore: the two are one.
        EventsHeld: another process has claimed events.
    """
    if source.identity == target.identity:
        raise SameStore(f"{target.location} is {source.location}: nothing was moved")
    moved = Moved()
    await _move_events(source, target, moved, report)
    await _move_dead_letters(source, target, moved, report)
    return moved


async def _move_events(source: Store, target: Store, moved: Moved, report: Callable[[Moved], None]) -> None:
    until = time.monotonic() + _PATIENCE
    while (left := await source.counts()).undelivered:
        for name in [name for name, (undelivered, _) in left.by_source.items() if undelivered]:
            while await _move_batch(source, target, name, moved):
                until = time.monotonic() + _PATIENCE
                report(moved)
        if time.monotonic() > until:
            events = f"{left.undelivered} events of {source.location}"
            raise EventsHeld(f"{events} are claimed by another process: stop it first")
        await asyncio.sleep(_PAUSE)


async def _move_batch(source: Store, target: Store, name: str, moved: Moved) -> bool:
    """Move the oldest events of one source of webhooks, and return whether there were any."""
    claimed = await source.claim(name, 0, 1, events=_EVENTS, size=_BYTES, lease=_LEASE)
    if not claimed:
        return False
    events = [NewEvent(event.source, event.message_id, event.user, event.event) for event in claimed]
    receipt = await target.append(events, (), None)
    await source.hand_over([event.seq for event in claimed])
    moved.events += receipt.stored
    moved.duplicates += len(receipt.duplicates)
    return True


async def _move_dead_letters(
    source: Store, target: Store, moved: Moved, report: Callable[[Moved], None]
) -> None:
    after = 0
    while page := await source.dead_letters(after=after, limit=_LETTERS):
        found = [await source.dead_letter(summary.id) for summary in page]
        letters = [letter for letter in found if letter is not None]
        await asyncio.gather(*(target.adopt(letter, _key(letter)) for letter in letters))
        moved.dead_letters += await source.drop([letter.id for letter in letters])
        after = page[-1].id
        report(moved)


def _key(letter: DeadLetter) -> bytes:
    """What the letter is known by in the target: the same however often it is moved."""
    same = letter.id, letter.first_at, letter.source, letter.rule, letter.record, letter.event
    return hashlib.blake2b(msgspec.msgpack.encode(same), digest_size=16).digest()
