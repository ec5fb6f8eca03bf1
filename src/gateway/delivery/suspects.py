"""Suspects: events refused alone, and perhaps for themselves, in; which to send again or to bury out."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from ..storage.records import ClaimedEvent
from .context import DeliveryContext, Tally
from .destination import Answer, Refused, Retry

STRIKES = 7
"""Refusals of an event alone, others of its source accepted before each, that make it guilty."""
MOST = 500
"""Suspects of a lane, for they are held in memory."""
ASKED = 10
"""Suspects that are sent again between two batches."""

_NO_WAY = frozenset({400, 403})
_OWN_FAILURE = 500


class Blame(msgspec.Struct, frozen=True):
    """What a destination says where it may be about one event, though it reads as if it were about all."""

    status: int
    text: str


def blame(answer: Answer) -> Blame | None:
    """The blame in an answer: in a 403, a 400 about the write key, or a 5xx that asks for no time."""
    if isinstance(answer, Refused) and answer.always and answer.status in _NO_WAY:
        return Blame(answer.status, answer.text)
    if isinstance(answer, Retry) and answer.after is None and answer.status >= _OWN_FAILURE:
        return Blame(answer.status, answer.text)
    return None


@dataclass(slots=True)
class Suspect:
    """An event that was refused alone. It is sent again alone, and its user's later events wait for it."""

    event: ClaimedEvent
    blame: Blame
    at: float
    """When it was last refused."""
    due: float
    seen: int
    """What its source had accepted then."""
    refusals: int = 1
    strikes: int = 0

    @property
    def reason(self) -> str:
        """Why it is a dead letter, if it becomes one."""
        told = f"the destination answered {self.blame.status} to this event alone, {self.refusals} times"
        return f"{told}: {self.blame.text}" if self.blame.text else told


class Suspects:
    """The suspects of one lane. They stay leased, so that the store holds back what is behind them."""

    def __init__(self, means: DeliveryContext) -> None:
        self._means = means
        self._all: dict[int, Suspect] = {}  # by seq

    def __contains__(self, event: ClaimedEvent) -> bool:
        return event.seq in self._all

    @property
    def seqs(self) -> list[int]:
        """Their numbers in the store."""
        return list(self._all)

    @property
    def users(self) -> set[tuple[str, str]]:
        """Whose events wait for them: source and user."""
        return {(one.event.source, one.event.user) for one in self._all.values()}

    def add(self, event: ClaimedEvent, blame: Blame) -> bool:
        """Suspect an event; whether there was room."""
        if len(self._all) >= MOST:
            return False
        now, seen = time.monotonic(), self._means.tallies[event.source].accepted
        self._all[event.seq] = Suspect(event, blame, now, now + self._means.backoff(1), seen)
        return True

    def drop(self, event: ClaimedEvent) -> bool:
        """It is delivered or a dead letter; whether it was one."""
        return self._all.pop(event.seq, None) is not None

    def refused(self, event: ClaimedEvent, blame: Blame) -> bool:
        """It was refused again; whether others of its source are accepted."""
        one, tally, now = self._all[event.seq], self._means.tallies[event.source], time.monotonic()
        if tally.fickle_at > one.at:
            one.strikes = 0
        elif tally.is_well and tally.accepted > one.seen:
            one.strikes += 1
        one.blame, one.at, one.seen, one.refusals = blame, now, tally.accepted, one.refusals + 1
        self.postpone(one)
        return tally.is_well

    def postpone(self, suspect: Suspect) -> None:
        """Let it wait, the longer the more often it was refused."""
        suspect.due = time.monotonic() + self._means.backoff(suspect.refusals)

    def due(self, claimed: Iterable[ClaimedEvent]) -> list[Suspect]:
        """The suspects to send again after what was claimed.

        Those of a source that is well; where there is none one other, if nothing else of its source was tried.
        """
        tried = {event.source for event in claimed}
        ready = [one for one in self._free() if one.due <= time.monotonic()]
        well = [one for one in ready if self._tally(one).is_well]
        return well[:ASKED] or [one for one in ready if one.event.source not in tried][:1]

    def is_guilty(self, suspect: Suspect) -> bool:
        """Whether nothing but the event itself explains its refusals.

        An outage does not: others of its source are accepted between one refusal and the next, and after the
        last. Nor does a destination that fails now and then: it takes one suspect or another in the end.
        """
        tally = self._tally(suspect)
        others_pass = tally.is_well and tally.accepted > suspect.seen
        return suspect.strikes >= STRIKES and others_pass and tally.fickle_at < suspect.at

    def wait(self, most: float) -> float:
        """Seconds until one is due, `most` at most."""
        return max(min([most, *(one.due - time.monotonic() for one in self._free())]), 0.0)

    def _free(self) -> list[Suspect]:
        left_alone = self._means.left_alone()
        return [one for one in self._all.values() if one.event.source not in left_alone]

    def _tally(self, suspect: Suspect) -> Tally:
        return self._means.tallies[suspect.event.source]
