"""Sends the batches of one lane, and acts on the decision about each answer."""

from __future__ import annotations

import time
from math import inf

import structlog

from ...server.log import RateLimitedLogger
from ..storage.records import ClaimedEvent, DeadEvent
from .acknowledge import acknowledge
from .batch import Batch, Claim
from .breaker import backoff
from .context import DeliveryContext, SourceState
from .decision import Decision, Delivered, Down, GiveUp, Hold, Pause, Retry, Split, decide
from .poison import RefusedEvent, Search


class Sender:
    """Sends what a lane has claimed."""

    def __init__(self, lane: int, context: DeliveryContext, lease: float) -> None:
        """`lease` is for how many seconds an event claimed here is leased."""
        self._lane = lane
        self._context = context
        self._lease = lease
        self._searches: dict[str, Search] = {}
        self._log = RateLimitedLogger(structlog.get_logger("springhead.delivery"))

    async def send_next(self, claim: Claim, source: str) -> None:
        """Send the next batch of a source, and remove the events that are done with from the claim."""
        context, state = self._context, self._context.source(source)
        batch = self._next_batch(claim, source, state)
        since, sent_at = self._refused_since(batch, state), time.monotonic()
        decision = await self._attempt(batch, is_proven=state.accepted_at > since)
        since = min(since, time.monotonic())  # now, if this was the first refusal
        match decision:
            case Delivered():
                await self._accepted(batch, sent_at)
                claim.remove(source, batch.events)
            case GiveUp(letter):
                await acknowledge(context, source, [], [letter])
                state.refused.pop(letter.seq, None)
                claim.remove(source, batch.events)
            case Retry():
                refused = await self._retry_later(decision, batch.events[0], claim, since)
                if not decision.is_proven:
                    state.breaker.failed(decision.reason, sent_at, lenient=not decision.pause)
                    await self._try_behind(refused, claim)
            case Split(reason, pause):
                self._searches[source] = self._search(batch, since)
                if pause:
                    state.breaker.failed(reason, sent_at)
            case Pause(reason, seconds):
                state.breaker.failed(reason, sent_at, after=seconds)
            case Hold(reason):
                state.breaker.failed(reason, sent_at, opens=True)
            case Down(reason):
                context.breaker.failed(reason, sent_at)

    def _next_batch(self, claim: Claim, source: str, state: SourceState) -> Batch:
        events, limit = claim.events(source), self._context.settings.batch_limit
        search = self._searches.get(source)
        if search and events[0].seq > search.last:
            del self._searches[source]
            search = None
        if state.breaker.is_open:
            return claim.single(source)
        return claim.batch(source, search.size(events) if search else len(events), limit)

    def _refused_since(self, batch: Batch, state: SourceState) -> float:
        """When the first event of this batch was first refused; infinity if it never was."""
        first, search = batch.events[0], self._searches.get(batch.source)
        if known := state.refused.get(first.seq):
            return known.since
        return search.since if search and first.seq <= search.last else inf

    def _search(self, batch: Batch, since: float) -> Search:
        """The search for the event at fault, after this batch was refused."""
        search = self._searches.get(batch.source)
        return search.narrowed(batch) if search else Search(batch.seqs[-1], since)

    async def _attempt(self, batch: Batch, *, is_proven: bool) -> Decision:
        context = self._context
        answer = await context.destination.send(batch.source, [event.event for event in batch.events])
        decision = decide(answer, batch, is_proven=is_proven, settings=context.settings)
        if not isinstance(decision, Down):
            context.breaker.succeeded()
        if not isinstance(decision, Delivered | GiveUp):
            context.metrics.retried(batch.source, decision.reason)
            self._log.warning(
                (batch.source, decision.reason),
                "delivery failed; retrying",
                source=batch.source,
                to=context.settings.to,
                reason=decision.reason,
                events=len(batch.events),
            )
        return decision

    async def _accepted(self, batch: Batch, sent_at: float, *letters: DeadEvent) -> None:
        """Acknowledge an accepted batch, and retry now the refused events that may have waited for it."""
        state = self._context.source(batch.source)
        was_open = state.breaker.is_open
        state.accepted_at = max(state.accepted_at, sent_at)
        state.breaker.succeeded()
        await acknowledge(self._context, batch.source, batch.seqs, letters)
        if not state.refused:
            return
        for seq in (*batch.seqs, *(letter.seq for letter in letters)):
            state.refused.pop(seq, None)
        now = time.monotonic()
        waiting = [one for one in state.refused.values() if one.due > now and (was_open or one.is_exhausted)]
        if waiting:
            await self._context.store.release([one.event.seq for one in waiting])
        for one in waiting:
            one.due = now
            self._context.woken[one.lane].set()

    async def _retry_later(
        self, decision: Retry, event: ClaimedEvent, claim: Claim, since: float
    ) -> RefusedEvent:
        """Count a refusal of an event alone. It is sent again later, and its user's other events after it."""
        store, state = self._context.store, self._context.source(event.source)
        pause = backoff(self._context.settings, event.refusals + 1)
        await store.count_refusal(event.seq, lease=pause)
        due, before = time.monotonic() + pause, state.refused.get(event.seq)
        refused = RefusedEvent(event, self._lane, since, decision.is_exhausted, due, decision.letter)
        refused.behind = before.behind if before else []
        state.refused[event.seq] = refused
        others = [one for one in claim.events(event.source) if one.user == event.user and one.seq != event.seq]
        claim.remove(event.source, [event, *others])
        await store.release([one.seq for one in others])
        return refused

    async def _try_behind(self, refused: RefusedEvent, claim: Claim) -> None:
        """Send the same user's next event, once one was refused as often as it may be.

        If it is accepted, the refused event is at fault. Nothing else can prove that if all events of the
        source wait behind it.
        """
        context, source = self._context, refused.event.source
        if not refused.is_exhausted or claim.events(source):
            return
        event = await context.store.claim_behind(refused.last, lease=self._lease)
        if event is None:
            return
        batch, sent_at = Batch(source, [event]), time.monotonic()
        match await self._attempt(batch, is_proven=False):
            case Delivered():
                await self._accepted(batch, sent_at, refused.letter, *refused.behind)
            case Retry(letter=letter, is_exhausted=is_exhausted):
                await context.store.count_refusal(event.seq, lease=0)
                if is_exhausted:
                    refused.behind.append(letter)
            case _:
                await context.store.release([event.seq])
