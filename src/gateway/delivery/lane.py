"""A lane: a share of the users in, their events sent in order, settled, split, held or given back."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress

import structlog

from ..store import Claimed
from .breaker import ASK_AGAIN
from .destination import Later, Refused
from .means import Hold, Means
from .pieces import Piece, pieces

POLL = 1.0
"""Seconds between two looks into the store where nobody wakes the lane."""

GATHER = 0.02
"""Seconds a lane lets events gather where few wait: a batch costs the same whatever is in it."""

_CHECK = "check delivery.to and the source's destination_write_key, and that the source is enabled there"
_PUT_BACK = "put its [[source]] back, with enabled = false where it is to take nothing more"
_log = structlog.get_logger("springhead.delivery")


class Lane:
    """Claims, sends and settles the events of its users, one batch after the other."""

    def __init__(self, number: int, means: Means) -> None:
        self.number, self._means = number, means
        self.woken = asyncio.Event()
        self._tries = 0
        # Splitting ends when no time is left in the lease for one more request.
        self._work_time = 2 * means.rules.timeout
        self._lease = self._work_time + means.rules.timeout

    async def run(self) -> None:
        """Deliver until told to stop. Nothing that goes wrong ends it."""
        while not self._means.stopping.is_set():
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
            pause = await self._deliver(claimed)
        finally:
            means.breaker.withdraw(self.number)
        if pause:
            await _waited(means.stopping, pause)
        elif not claimed:
            await _waited(self.woken, POLL)
        if self._is_few(claimed):
            await _waited(means.stopping, GATHER)

    def _is_few(self, claimed: Sequence[Claimed]) -> bool:
        """Whether it makes less than half a batch."""
        rules, size = self._means.rules, sum(len(event.event) for event in claimed)
        return 2 * len(claimed) < rules.batch_events and 2 * size < rules.batch_bytes

    async def _claim(self) -> list[Claimed]:
        rules = self._means.rules
        limits = {"events": rules.batch_events, "size": rules.batch_bytes}
        return await self._means.store.claim(
            self.number, rules.lanes, **limits, lease=self._lease, without=self._means.left_alone()
        )

    async def _deliver(self, claimed: Sequence[Claimed]) -> float:
        """Send what was claimed; the seconds to wait after. What was not sent is given back."""
        deadline = time.monotonic() + self._work_time
        limit = self._means.rules.event_limit
        large = [
            (event, f"the event has {len(event.event)} bytes, delivery.event_limit is {limit}")
            for event in claimed
            if len(event.event) > limit
        ]
        work = pieces((event for event in claimed if len(event.event) <= limit), self._means.rules.batch_limit)
        pause = 0.0
        try:
            await self._bury(large, "delivery/too-large")
            while work and not pause and not self._means.stopping.is_set() and time.monotonic() < deadline:
                pause = await self._send(work)
        finally:
            if work:
                await self._means.store.release([seq for piece in work for seq in piece.seqs])
        return pause

    async def _send(self, work: list[Piece]) -> float:
        """Send the last piece and take it off, unless it has to be sent again; the seconds to wait after."""
        means, piece = self._means, work[-1]
        if piece.source in means.left_alone():
            await self._give_back(work, piece.source)
            return 0.0
        answer = await means.destination.send(piece.source, [event.event for event in piece.events])
        if isinstance(answer, Later):
            return self._failed(piece, answer)
        self._tries = 0
        means.breaker.succeeded()
        if isinstance(answer, Refused):
            await self._refused(work, answer)
            return 0.0
        if means.held.pop(piece.source, None):
            means.observer.held(piece.source, is_held=False)
        await self._settle(piece.seqs)
        work.pop()
        means.observer.delivered(piece.source, len(piece.events))
        return 0.0

    def _failed(self, piece: Piece, answer: Later) -> float:
        means = self._means
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

    async def _refused(self, work: list[Piece], answer: Refused) -> None:
        piece = work[-1]
        if answer.always:
            self._hold(piece, answer)
            await self._give_back(work, piece.source)
        elif len(piece.events) > 1:
            work[-1:] = piece.halves()
        else:
            reason = f"the destination answered {answer.status}: {answer.text}"
            await self._bury([(piece.events[0], reason)], f"delivery/{answer.status}")
            work.pop()

    def _hold(self, piece: Piece, answer: Refused) -> None:
        """Leave a source alone for a while: its key or the address is wrong, its events are not."""
        means, before = self._means, self._means.held.get(piece.source)
        tries = before.tries + 1 if before else 1
        pause = means.backoff(tries)
        said = {"source": piece.source, "tries": tries, "wait": round(pause, 1)}
        if answer.status is None:
            why = answer.text
            _log.error("events wait whose source is not in the settings", **said, advice=_PUT_BACK)
        else:
            why = f"status {answer.status} {answer.text}".strip()
            said |= {"to": means.rules.to, "status": answer.status, "answer": answer.text}
            _log.error("the destination refuses all events of a source: they are kept", **said, advice=_CHECK)
        means.held[piece.source] = Hold(why, tries, time.monotonic() + pause)
        means.observer.held(piece.source, is_held=True)
        means.observer.retried(piece.source, f"status {answer.status}" if answer.status else "unknown source")

    async def _give_back(self, work: list[Piece], source: str) -> None:
        """Take all of a source off the work: none of it may go out before what is older."""
        left = [seq for piece in work if piece.source == source for seq in piece.seqs]
        work[:] = [piece for piece in work if piece.source != source]
        await self._means.store.release(left)

    async def _bury(self, dead: Sequence[tuple[Claimed, str]], rule: str) -> None:
        """Make dead letters of events, each with its reason."""
        if dead:
            await self._settle([], [(event.seq, rule, reason) for event, reason in dead])
        for event, _ in dead:
            _log.warning(
                "an event became a dead letter", source=event.source, rule=rule, message_id=event.message_id
            )
            self._means.observer.dead(event.source, rule, 1)

    async def _settle(self, delivered: Sequence[int], dead: Sequence[tuple[int, str, str]] = ()) -> None:
        """Settle, however long the store takes: what was sent and forgotten about would be sent twice."""
        tries = 0
        while True:
            try:
                await self._means.store.settle(delivered, dead)
            except Exception as error:  # noqa: BLE001 - a full disk, a lock: it will pass
                wait = self._means.backoff(tries)
                tries += 1
                _log.error("the store does not settle", error=type(error).__name__, tries=tries)
                await asyncio.sleep(wait)
            else:
                return


async def _waited(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
