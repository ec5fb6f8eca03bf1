"""A lane: a share of the users in, their events sent in order, settled, split, held or given back."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress

import structlog

from ..storage.records import ClaimedEvent
from .batch import Batch, pieces
from .breaker import ASK_AGAIN
from .context import DeliveryContext
from .destination import Accepted, Refused, Retry
from .holding import hold
from .probe import Probe
from .settling import bury, settle
from .suspects import Blame, blame

POLL = 1.0
"""Seconds between two looks into the store where nobody wakes the lane."""

GATHER = 0.02
"""Seconds a lane lets events gather where few wait: a batch costs the same whatever is in it."""

_log = structlog.get_logger("springhead.delivery")


class Lane:
    """Claims, sends and settles the events of its users, one batch after the other."""

    def __init__(self, number: int, means: DeliveryContext) -> None:
        self.number, self._means = number, means
        self.woken = asyncio.Event()
        self._probe, self._tries = Probe(means), 0
        # Splitting ends when no time is left in the lease for one more request.
        self._work_time = 2 * means.rules.timeout
        self._lease = self._work_time + means.rules.timeout

    async def run(self) -> None:
        """Deliver until told to stop. Nothing that goes wrong ends it."""
        try:
            while not self._means.stopping.is_set():
                await self._round_and_on()
        finally:
            with suppress(Exception):  # their leases end by themselves
                await self._means.store.release(self._probe.suspects.seqs)

    async def _round_and_on(self) -> None:
        try:
            await self._round()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other events still have to go out
            at = traceback.extract_tb(error.__traceback__)[-1]
            what = {"error": type(error).__name__, "at": f"{at.name}:{at.lineno}"}
            _log.error("delivery went wrong and goes on", lane=self.number, **what)
            await _waited(self._means.stopping, self._means.backoff(2))

    async def _round(self) -> None:
        means = self._means
        if wait := means.breaker.admit(self.number):
            await _waited(means.stopping, wait)
            return
        self.woken.clear()
        try:
            claimed = await self._claim()
            pause = await self._deliver(claimed) or await self._ask(claimed)
        finally:
            means.breaker.withdraw(self.number)
        if pause:
            await _waited(means.stopping, pause)
        elif not claimed:
            await _waited(self.woken, self._probe.suspects.wait(means.hold_ends(POLL)))
        if self._is_few(claimed):
            await _waited(means.stopping, GATHER)

    def _is_few(self, claimed: Sequence[ClaimedEvent]) -> bool:
        """Whether it makes less than half a batch."""
        rules, size = self._means.rules, sum(len(event.event) for event in claimed)
        return 2 * len(claimed) < rules.batch_events and 2 * size < rules.batch_bytes

    async def _claim(self) -> list[ClaimedEvent]:
        """What is to be sent now: neither of a source that is left alone, nor behind a suspect."""
        rules = self._means.rules
        return await self._means.store.claim(
            self.number,
            rules.lanes,
            events=rules.batch_events,
            size=rules.batch_bytes,
            lease=self._lease,
            without=self._means.left_alone(),
            behind=self._probe.suspects.users,
        )

    async def _deliver(self, claimed: Sequence[ClaimedEvent]) -> float:
        """Send what was claimed; the seconds to wait after. What was not sent is given back."""
        deadline = time.monotonic() + self._work_time
        limit = self._means.rules.event_limit
        large = [
            (event, f"the event has {len(event.event)} bytes, delivery.event_limit is {limit}")
            for event in claimed
            if len(event.event) > limit
        ]
        work = pieces((event for event in claimed if len(event.event) <= limit), self._means.rules.batch_limit)
        work.sort(key=lambda piece: not self._probe.is_at(piece.source))  # those may fail again: others before
        pause = 0.0
        try:
            await bury(self._means, large, "delivery/too-large")
            while work and not pause and not self._means.stopping.is_set() and time.monotonic() < deadline:
                pause = await self._send(work)
        finally:
            if work:
                await self._means.store.release([seq for piece in work for seq in piece.seqs])
        return pause

    async def _ask(self, claimed: Sequence[ClaimedEvent]) -> float:
        """Send suspects again, each alone, or bury them; the seconds to wait after."""
        means, suspects = self._means, self._probe.suspects
        for suspect in suspects.due(claimed):
            if means.stopping.is_set():
                break
            if suspects.is_guilty(suspect):
                await self._bury(suspect.event, suspect.reason, suspect.blame.status)
            elif pause := await self._send([Batch(suspect.event.source, [suspect.event])]):
                suspects.postpone(suspect)
                return pause
            if suspect.event not in suspects:
                self.woken.set()  # what waited for it may go out
        return 0.0

    async def _send(self, work: list[Batch]) -> float:
        """Send the last piece and take it off, unless it has to be sent again; the seconds to wait after."""
        means = self._means
        if work[-1].source in means.left_alone():
            await self._give_back(work, work[-1].source)
            return 0.0
        work[-1:] = self._probe.cut(work[-1])
        piece = work[-1]
        answer = await means.destination.send(piece.source, [event.event for event in piece.events])
        if isinstance(answer, Accepted):
            await self._accepted(piece)
            work.pop()
            return 0.0
        if (blamed := blame(answer)) and await self._is_narrowed_down(work, blamed):
            return 0.0
        if isinstance(answer, Retry):
            return self._failed(piece, answer)
        self._tries = 0
        means.breaker.succeeded()
        await self._refused(work, piece, answer)
        return 0.0

    async def _accepted(self, piece: Batch) -> None:
        means, self._tries = self._means, 0
        means.breaker.succeeded()
        if means.held.pop(piece.source, None):
            means.observer.held(piece.source, is_held=False)
        await settle(means, piece.seqs)
        self._probe.accepted(piece)
        means.observer.delivered(piece.source, len(piece.events))

    async def _is_narrowed_down(self, work: list[Batch], blamed: Blame) -> bool:
        """Put the last piece aside if it is a suspect; whether to go on with the rest at once.

        So it is where the destination takes other events of the source; and where it takes any at all, and this
        is a suspect sent again, whose refusal says nothing new of it.
        """
        piece = work[-1]
        again = piece.events[0] in self._probe.suspects
        goes_on = self._probe.refused(piece, blamed) or (again and self._means.takes_any())
        if piece.events[0] in self._probe.suspects:
            work.pop()
            await self._give_back(work, piece.source, piece.events[0].user)
        if goes_on:
            said = {"source": piece.source, "status": blamed.status, "answer": blamed.text}
            _log.warning("the destination refuses some events of a source", events=len(piece.events), **said)
            self._means.observer.retried(piece.source, f"status {blamed.status}")
        return goes_on

    def _failed(self, piece: Batch, answer: Retry) -> float:
        means = self._means
        means.tallies[piece.source].is_well = False
        pause = max(means.backoff(self._tries), answer.after or 0.0)
        self._tries += 1
        wait = means.breaker.failed(f"{answer.why} {answer.text}".strip(), pause, answer.after)
        _log.warning(
            "delivery is retried",
            lane=self.number,
            source=piece.source,
            to=means.rules.to,
            why=answer.why,
            answer=answer.text,
            tries=self._tries,
            wait=round(wait, 1),
        )
        means.observer.retried(piece.source, answer.why)
        return ASK_AGAIN if means.breaker.is_open else pause

    async def _refused(self, work: list[Batch], piece: Batch, answer: Refused) -> None:
        if answer.always:
            hold(self._means, piece.source, answer)
            await self._give_back(work, piece.source)
        elif len(piece.events) > 1:
            work[-1:] = piece.halves()
        else:
            reason = f"the destination answered {answer.status}: {answer.text}"
            await self._bury(piece.events[0], reason, answer.status)
            work.pop()

    async def _bury(self, event: ClaimedEvent, reason: str, status: int | None) -> None:
        await bury(self._means, [(event, reason)], f"delivery/{status}")
        self._probe.suspects.drop(event)

    async def _give_back(self, work: list[Batch], source: str, user: str | None = None) -> None:
        """Take all of a source, or of its user, off the work: none of it may go out before what is older."""
        left: list[int] = []
        for at, piece in enumerate(work):
            if piece.source == source:
                kept = [event for event in piece.events if user not in (None, event.user)]
                left += [event.seq for event in piece.events if user in (None, event.user)]
                work[at] = Batch(source, kept)
        work[:] = [piece for piece in work if piece.events]
        if left:
            await self._means.store.release(left)


async def _waited(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
