"""Sends the batches of one lane, and acts on the decision about each answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import inf

import structlog

from ...server.log import RateLimitedLogger
from ..storage.records import ClaimedEvent
from .acknowledge import acknowledge, release
from .batch import Batch, never_refused, next_batch
from .breaker import backoff
from .context import DeliveryContext, SourceState
from .decision import Decision, Delivered, Down, GiveUp, Hold, Pause, Retry, Split, decide
from .poison import RefusedEvent, Search


class Sender:
    """Sends events of one source that a lane has claimed."""

    def __init__(self, lane: int, source: SourceState, context: DeliveryContext, lease: float) -> None:
        """`lease` is for how many seconds an event that is claimed here is leased."""
        self._lane = lane
        self._source = source
        self._context = context
        self._lease = lease
        self._search: Search | None = None
        self._log = RateLimitedLogger(structlog.get_logger())

    async def send_next(self, claimed: Sequence[ClaimedEvent]) -> Sequence[ClaimedEvent]:
        """Send the next batch, and return the events that are still to be sent."""
        batch = self._next_batch(claimed)
        since = self._refused_since(batch, claimed)
        rest, sent_at = claimed[len(batch) :], time.monotonic()
        # While the source is held, what was accepted before proves nothing.
        is_proven = self._source.accepted_at > since and not self._source.breaker.is_open
        match await self._attempt(batch, is_proven=is_proven):
            case Delivered():
                await self._accepted(batch, sent_at)
                return rest
            case GiveUp(letter):
                await acknowledge(self._context, self._source.name, [], [letter])
                self._source.refused.pop(letter.seq, None)
                return rest
            case Retry() as decision:
                await self._retry_later(decision, batch[0], since)
                return await self._after_refusal(decision, batch[0], rest, sent_at)
            case Split(reason, pauses):
                if self._search is None:  # that a part of the same batch is refused is not another failure
                    self._source.breaker.failed(reason, sent_at, pauses=pauses)
                self._search = Search(frozenset(event.seq for event in batch), time.monotonic())
            case decision:
                self._pause(decision, sent_at)
        return claimed

    def _next_batch(self, claimed: Sequence[ClaimedEvent]) -> Batch:
        most = len(claimed)
        if self._source.breaker.is_open:
            most = 1
        elif self._search and (suspects := self._search.suspects(claimed)):
            most = max(suspects // 2, 1)
        else:
            self._search = None
        return next_batch(claimed, most, self._context.settings.batch_limit)

    def _refused_since(self, batch: Batch, claimed: Sequence[ClaimedEvent]) -> float:
        """When a single event was first refused; infinity if it never was.

        The last suspect of a refused batch was refused with it.
        """
        seq, search = batch[0].seq, self._search
        if known := self._source.refused.get(seq):
            return known.since
        is_last_suspect = search is not None and seq in search.seqs and search.suspects(claimed) == 1
        return search.since if search and is_last_suspect else inf

    async def _attempt(self, batch: Batch, *, is_proven: bool) -> Decision:
        """Send a batch, and decide what becomes of it."""
        context, source = self._context, self._source
        with source.breaker.trying(self), context.breaker.trying(self):
            answer = await context.destination.send(source.name, [event.event for event in batch])
        decision = decide(answer, batch, is_proven=is_proven, settings=context.settings)
        if not isinstance(decision, Down):
            context.breaker.succeeded()
        if not isinstance(decision, Delivered | GiveUp):
            self._report(decision.reason, len(batch))
        return decision

    def _report(self, reason: str, count: int) -> None:
        self._context.metrics.retried(self._source.name, reason)
        about = {"source": self._source.name, "to": self._context.settings.to}
        self._log.warning(reason, "delivery failed; retrying", **about, reason=reason, events=count)

    async def _accepted(self, batch: Batch, sent_at: float) -> None:
        """Acknowledge what was accepted, and retry now what may have waited for that."""
        source = self._source
        was_open = source.breaker.is_open
        source.accepted_at = max(source.accepted_at, sent_at)
        source.breaker.succeeded()
        await acknowledge(self._context, source.name, [event.seq for event in batch])
        if not source.refused:
            return
        for event in batch:
            source.refused.pop(event.seq, None)
        now = time.monotonic()
        waiting = {
            seq: one for seq, one in source.refused.items() if one.due > now and (was_open or one.is_exhausted)
        }
        if waiting:
            await release(self._context, list(waiting))
        for one in waiting.values():
            one.due = now
            source.woken[one.lane].set()

    async def _retry_later(self, decision: Retry, event: ClaimedEvent, since: float) -> None:
        """Have an event that was refused alone sent again later, alone."""
        if self._search:
            self._search = Search(self._search.seqs, time.monotonic())
        await self._postpone(event, decision, since, backoff(self._context.settings, event.refusals + 1))

    async def _postpone(self, event: ClaimedEvent, decision: Retry, since: float, seconds: float) -> None:
        await self._context.store.postpone(event.seq, refusals=decision.refusals, seconds=seconds)
        now = time.monotonic()
        refused = RefusedEvent(self._lane, min(since, now), now + seconds, decision.is_exhausted)
        self._source.refused[event.seq] = refused

    async def _after_refusal(
        self, decision: Retry, event: ClaimedEvent, rest: Sequence[ClaimedEvent], sent_at: float
    ) -> Sequence[ClaimedEvent]:
        """Give back what waits behind an event that was refused alone, and return what is still to be sent."""
        behind = [one for one in rest if one.user == event.user]
        await release(self._context, [one.seq for one in behind])
        rest = [one for one in rest if one.user != event.user]
        if self._source.accepted_at <= self._source.refused[event.seq].since:
            self._source.breaker.failed(decision.reason, sent_at, pauses=decision.pauses)
            is_exhausted = event.refusals >= self._context.settings.attempts
            if is_exhausted and not never_refused(rest) and not self._context.stopping.is_set():
                await self._try_behind(event)
        return rest

    async def _try_behind(self, event: ClaimedEvent) -> None:
        """Try the next event of the same user. If it is accepted, this one is tried once more.

        Nothing else can prove its fault if all of a source waits behind events that were refused.
        """
        store, attempts = self._context.store, self._context.settings.attempts
        behind = await store.claim_behind(event.seq, refusals_below=attempts, lease=self._lease)
        if behind is None:
            return
        sent_at = time.monotonic()
        try:
            match await self._attempt([behind], is_proven=False):
                case Delivered():
                    await self._accepted([behind], sent_at)
                case Retry() as decision:
                    await self._postpone(behind, decision, inf, 0.0)
                case decision:
                    self._pause(decision, sent_at)
        finally:
            await release(self._context, [behind.seq])

    def _pause(self, decision: Decision, sent_at: float) -> None:
        match decision:
            case Pause(reason, seconds):
                self._source.breaker.failed(reason, sent_at, after=seconds)
            case Hold(reason):
                self._source.breaker.failed(reason, sent_at, opens=True)
            case Down(reason):
                self._context.breaker.failed(reason, sent_at)
