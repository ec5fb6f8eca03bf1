"""Replays dead letters: records are mapped again by their source as it is now, events are delivered again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from ..core.codec import parse
from ..core.host import Host
from ..core.outcome import Outcome, Rejection
from ..core.request import Request
from .ingest.enrich import dead_letter, enrich, rfc3339
from .ingest.source_receiver import BROKEN_ENCODING
from .settings import Settings, SourceSettings
from .storage.records import DeadLetter, LetterGone, NewDeadLetter, NewEvent
from .storage.store import Store

EVENTS_AT_ONCE = 500
"""Events stored in one transaction, of a letter that came many times."""

Processor: TypeAlias = Callable[[int], Outcome]
"""What becomes of one occurrence of a letter, by how many are left with it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a dead letter.

    Attributes:
        id: the letter's.
        gone: whether it is no longer a dead letter.
        events: how many events of it are now stored for delivery.
        summary: the same in words: `1 event (track)`, `still schema/type: ...`.
    """

    id: int
    gone: bool
    events: int
    summary: str


class Replayer:
    """Replays the dead letters of one gateway's store."""

    def __init__(self, host: Host, settings: Settings, store: Store) -> None:
        self._host = host
        self._sources: Mapping[str, SourceSettings] = {source.name: source for source in settings.source}
        self._store = store

    async def replay(self, letter: DeadLetter, *, dry_run: bool = False) -> Replayed:
        """Replay one dead letter; `dry_run` changes nothing.

        A letter that still yields no event stays as it is. Otherwise its events replace it, together
        with new dead letters for whatever is still rejected.
        """
        source = self._sources.get(letter.source)
        if source is None:
            return Replayed(
                letter.id, gone=False, events=0, summary=f"no [[source]] is called {letter.source!r}"
            )
        if letter.rule == "refused":  # written by an earlier version
            summary = "cannot be replayed: it was refused as not authentic"
            return Replayed(letter.id, gone=False, events=0, summary=summary)
        try:
            if letter.event:
                return await self._redeliver(letter, dry_run=dry_run)
            return await self._process(letter, source, dry_run=dry_run)
        except LetterGone as error:
            return Replayed(letter.id, gone=False, events=0, summary=str(error))

    async def _process(self, letter: DeadLetter, source: SourceSettings, *, dry_run: bool) -> Replayed:
        process = self._processor(letter, source)
        outcome = await asyncio.to_thread(process, letter.count)
        if not (outcome.events or outcome.dropped):
            return Replayed(letter.id, gone=False, events=0, summary=_unchanged(letter, outcome))
        is_one_message = letter.count == 1 or _are_same_messages(
            outcome, await asyncio.to_thread(process, letter.count - 1)
        )
        messages = 1 if is_one_message else letter.count
        duplicates = 0 if dry_run else await self._store_outcomes(letter, source, process, messages)
        summary = _changed(letter, outcome, messages, duplicates)
        return Replayed(
            letter.id, gone=True, events=messages * len(outcome.events) - duplicates, summary=summary
        )

    async def _store_outcomes(
        self, letter: DeadLetter, source: SourceSettings, process: Processor, messages: int
    ) -> int:
        """Store what a letter becomes in its place, and return how many of the events are duplicates."""
        filter_ = self._host.request_filter(source.type, source.settings)
        values = self._host.sources[source.type].request_values(filter_.apply(_request(letter, letter.count)))
        outcomes = map(process, range(letter.count, letter.count - messages, -1))
        duplicates = 0
        while some := await asyncio.to_thread(_next, outcomes):
            count = letter.count if messages == 1 else len(some)
            found = [event for outcome in some for event in outcome.events]
            events = [enrich(event, letter.source, rfc3339(letter.first_at)) for event in found]
            letters = [dead_letter(one, letter.source, values, count) for one in some[0].rejections]
            duplicates += await self._replace(letter, count, events, letters)
        return duplicates

    def _processor(self, letter: DeadLetter, source: SourceSettings) -> Processor:
        if letter.rule == BROKEN_ENCODING:  # its bytes are what they were
            rejection = Rejection(source.type, "", None, letter.rule, letter.reason, letter.record)
            return lambda _: Outcome(rejections=[rejection])
        receive = self._host.receiver(
            source.type, source.settings, scope=source.name, replay=True, body_is_item=letter.decodable
        )
        return lambda left: receive(_request(letter, left))

    async def _redeliver(self, letter: DeadLetter, *, dry_run: bool) -> Replayed:
        event = parse(letter.event)
        user = event.get("userId") or event.get("anonymousId") or ""
        duplicates = 0
        if not dry_run:
            new = NewEvent(letter.source, event["messageId"], user, letter.event)
            duplicates = await self._replace(letter, letter.count, [new], [])
        change = "accepted once more since, and not stored again" if duplicates else "to be delivered again"
        summary = f"{_events(1, event['type'])}, {change}"
        return Replayed(letter.id, gone=True, events=1 - duplicates, summary=summary)

    async def _replace(
        self, letter: DeadLetter, count: int, events: list[NewEvent], letters: list[NewDeadLetter]
    ) -> int:
        """Store what so many occurrences became in their place; return how many events are duplicates."""
        call = None if letter.call is None else msgspec.structs.replace(letter.call, body=letter.record)
        receipt = await self._store.append(events, letters, call, replacing={letter.id: count})
        return len(receipt.duplicates)


def _next(outcomes: Iterator[Outcome]) -> list[Outcome]:
    """The next outcomes, until they have `EVENTS_AT_ONCE` events."""
    found: list[Outcome] = []
    events = 0
    while events < EVENTS_AT_ONCE and (outcome := next(outcomes, None)) is not None:
        found.append(outcome)
        events += len(outcome.events)
    return found


def _request(letter: DeadLetter, left: int) -> Request:
    """The request that a letter's record came in, with the record alone as its body.

    Its id tells the occurrences apart: a record that is neither identified nor dated becomes as many events.
    They are counted down, so that a replay that was interrupted goes on where it stopped.
    """
    call, id_ = letter.call, f"dead-letter/{letter.id}/{letter.at}/{left}"
    if call is None:
        return Request(letter.record, id=id_)
    return Request(letter.record, call.headers, call.query, call.method, call.url, id_)


def _are_same_messages(one: Outcome, other: Outcome) -> bool:
    """Whether two occurrences became the same events, so that the second is a retry of the first."""
    ids = [[event.get("messageId") for event in outcome.events] for outcome in (one, other)]
    return ids[0] == ids[1] and None not in ids[0]


def _changed(letter: DeadLetter, outcome: Outcome, messages: int, duplicates: int) -> str:
    types = Counter(event["type"] for event in outcome.events)
    parts = [_events(count * messages, type_) for type_, count in types.items()]
    parts += [f"{duplicates} of them accepted before, and not stored again"] if duplicates else []
    parts += [f"{outcome.dropped * letter.count} dropped"] if outcome.dropped else []
    parts += [f"{len(outcome.rejections) * letter.count} still rejected"] if outcome.rejections else []
    return ", ".join(parts)


def _events(count: int, type_: str) -> str:
    return f"{count} event{'' if count == 1 else 's'} ({type_})"


def _unchanged(letter: DeadLetter, outcome: Outcome) -> str:
    if not outcome.rejections:
        return "it is a challenge to be answered, not an event"
    first = outcome.rejections[0]
    change = "still" if first.rule == letter.rule else f"{letter.rule} before, now"
    return f"{change} {first.rule}: {first.reason}"
