"""Leases the events of the buckets that a gateway owns, and settles them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..records import ClaimedEvent, DeadEvent, NewDeadLetter, StoreBusy
from .accepted import Accepted, digest
from .claims import claim
from .letters import Letters
from .ownership import BUCKETS
from .seen_stream import SeenStream
from .source_log import SourceLog
from .source_logs import SourceLogs


@dataclass(frozen=True, slots=True)
class Queue:
    """The events that wait. Its methods are those of `Store`."""

    _logs: SourceLogs
    _letters: Letters
    _seen_stream: SeenStream
    _location: str

    async def claim(  # noqa: PLR0913 - as the interface
        self, source: str, lane: int, lanes: int, *, events: int, size: int, lease: float
    ) -> list[ClaimedEvent]:
        """Lease the oldest events of a lane."""
        if lane not in range(lanes) or BUCKETS % lanes:
            raise ValueError(f"no lane {lane} of {lanes}: there may be 1, 2, 4, 8 or 16, counted from 0")
        buckets = [bucket for bucket in range(lane, BUCKETS, lanes) if self._logs.owns(bucket)]
        return claim(await self._logs.fetch(source, buckets), events, size, lease)

    async def claim_behind(self, seq: int, *, refusals_below: int, lease: float) -> ClaimedEvent | None:
        """Lease the next event of the same user behind this one."""
        for log in self._logs:
            if event := log.waiting.behind(seq, refusals_below):
                return None if event.lease_until > time.monotonic() else log.claimed(event, lease)
        return None

    async def acknowledge(self, delivered: Sequence[int], dead: Sequence[DeadEvent]) -> None:
        """Settle events; what is no longer this gateway's is delivered again by its owner."""
        reasons = {event.seq: event for event in dead}
        numbers = [*delivered, *reasons]
        await asyncio.gather(
            *(self._logs.guard(log, self._settle(log, numbers, reasons)) for log in self._logs)
        )

    async def _settle(self, log: SourceLog, numbers: Sequence[int], dead: Mapping[int, DeadEvent]) -> None:
        for number, reason in dead.items():
            if waiting := log.waiting.by_number.get(number):
                if not self._logs.owns(log.bucket):
                    raise StoreBusy(f"{self._location}: bucket {log.bucket} may be another gateway's by now")
                packed = waiting.packed
                letter = NewDeadLetter(
                    log.source, reason.rule, reason.reason, event=packed.event, answer=reason.answer
                )
                accepted = Accepted(packed.digest, number, waiting.accepted_at)
                original = digest(log.source, packed.message_id)
                await self._letters.add_dead_event(letter, waiting.call, accepted, original)
        await log.settle([number for number in numbers if number in log.waiting])

    async def hand_over(self, seqs: Sequence[int]) -> None:
        """Settle events that another store has, and let them be accepted again."""
        for log in self._logs:
            if waiting := [log.waiting.by_number[seq] for seq in seqs if seq in log.waiting]:
                accepted = [
                    Accepted(key, event.number, event.accepted_at)
                    for event in waiting  # the digest of a replay differs from that of the event
                    for key in {event.packed.digest, digest(log.source, event.packed.message_id)}
                ]
                await self._seen_stream.forget(accepted)
                numbers = [event.number for event in waiting]
                await self._logs.guard(log, log.settle(numbers, is_seen=False))

    def release(self, seqs: Sequence[int]) -> None:
        """End leases."""
        now = time.monotonic()
        for log in self._logs:
            for seq in seqs:
                if event := log.waiting.by_number.get(seq):
                    event.lease_until = min(event.lease_until, now)

    async def postpone(self, seq: int, *, refusals: int, seconds: float) -> None:
        """Note a refusal, and lease the event until its next try."""
        for log in self._logs:
            if seq in log.waiting:
                await self._logs.guard(log, log.postpone(seq, refusals, seconds))
