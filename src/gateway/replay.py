"""Replaying: dead letters in, through the sources as they are now; what became of each out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ..core.codec import parse
from ..core.host import Host
from ..core.outcome import Outcome
from .ingest import call as calls
from .ingest.acceptor import dead_letter
from .ingest.enrich import Stamp
from .settings import Settings, SourceSettings
from .storage.records import DeadLetter, NewDeadLetter, NewEvent, Store


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a dead letter.

    Attributes:
        id: the letter's.
        gone: whether it is a dead letter no more.
        events: how many events it is now that are stored to be delivered.
        said: the change in a sentence: `1 event (track)`, `still schema/type: ...`.
    """

    id: int
    gone: bool
    events: int
    said: str


class Replay:
    """Sends dead letters through again: records to the host, events that were not taken to delivery."""

    def __init__(self, host: Host, settings: Settings, store: Store) -> None:
        self._host = host
        self._sources: Mapping[str, SourceSettings] = {source.name: source for source in settings.source}
        self._store = store

    async def one(self, letter: DeadLetter, *, dry_run: bool = False) -> Replayed:
        """Replay one dead letter; `dry_run` changes nothing.

        A letter that still makes no event stays as it is. One that now makes some is replaced by them, and by
        dead letters of what is still rejected in it.
        """
        source = self._sources.get(letter.source)
        if source is None:
            return Replayed(letter.id, gone=False, events=0, said=f"no [[source]] is called {letter.source!r}")
        if letter.event:
            return await self._again(letter, dry_run=dry_run)
        request = calls.replayed(letter.call, letter.record)
        trusted = letter.rule != "refused"  # what a plugin refused, it is asked about again
        outcome = self._host.receiver(source.type, source.settings, replay=trusted)(request)
        if not (outcome.events or outcome.dropped):
            return Replayed(letter.id, gone=False, events=0, said=_still(letter, outcome))
        entries = [Stamp.of(letter.at).entry(letter.source, event) for event in outcome.events]
        letters = [dead_letter(letter.source, rejection) for rejection in outcome.rejections]
        known = 0 if dry_run else await self._replace(letter, entries, letters)
        return Replayed(letter.id, gone=True, events=len(entries) - known, said=_now(outcome, known))

    async def _again(self, letter: DeadLetter, *, dry_run: bool) -> Replayed:
        event = parse(letter.event)
        user = event.get("userId") or event.get("anonymousId") or ""
        if not dry_run:
            await self._replace(letter, [NewEvent(letter.source, event["messageId"], user, letter.event)], [])
        return Replayed(
            letter.id, gone=True, events=1, said=f"1 event ({event['type']}), to be delivered again"
        )

    async def _replace(self, letter: DeadLetter, entries: list[NewEvent], letters: list[NewDeadLetter]) -> int:
        """Keep what became of it in its place; how many of the events were accepted before."""
        call = None if letter.call is None else msgspec.structs.replace(letter.call, body=letter.record)
        return (await self._store.append(entries, letters, call, replacing=[letter.id])).duplicates


def _now(outcome: Outcome, known: int) -> str:
    kinds = Counter(event["type"] for event in outcome.events)
    parts = [f"{count} event{'' if count == 1 else 's'} ({kind})" for kind, count in kinds.items()]
    parts += [f"{known} of them accepted before, and not stored again"] if known else []
    parts += [f"{outcome.dropped} dropped"] if outcome.dropped else []
    parts += [f"{len(outcome.rejections)} still rejected"] if outcome.rejections else []
    return ", ".join(parts)


def _still(letter: DeadLetter, outcome: Outcome) -> str:
    if not outcome.rejections:
        return "it is answered, and makes no event"
    first = outcome.rejections[0]
    changed = "still" if first.rule == letter.rule else f"{letter.rule} before, now"
    return f"{changed} {first.rule}: {first.reason}"
