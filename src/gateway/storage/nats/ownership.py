"""Shares the buckets out among the gateways of a cluster, each bucket to one at a time."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import ceil

from nats.aio.client import Client

from ....core.errors import SpringheadError
from .api import ApiError, ask, last, read
from .publisher import Publisher

BUCKETS = 16
"""A user's events always have the same bucket, which is that of the lane in SQLite."""
LEASE_SECONDS = 6
"""How long a bucket is a gateway's after it said so last; another takes it over after that."""
ROUND_SECONDS = 1.0
"""How often a gateway renews what it owns."""
_SAFE_SECONDS = 4.0
"""How long a gateway counts on a lease that it could not renew."""


@dataclass(slots=True)
class _Lease:
    revision: int
    renewed_at: float


@dataclass(slots=True)
class Ownership:
    """The buckets that this gateway owns.

    Attributes:
        taken: called with a bucket before it is used.
        lost: called with a bucket that is this gateway's no longer.
        is_idle: whether a bucket may be handed over now: nothing of it is being sent.
        report: makes what this gateway tells the others.
        unowned: how many buckets had no owner when it last looked.
    """

    _client: Client
    _publisher: Publisher
    _stream: str
    taken: Callable[[int], Awaitable[None]]
    lost: Callable[[int], None]
    is_idle: Callable[[int], bool]
    report: Callable[[], bytes]
    unowned: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _leases: dict[int, _Lease] = field(default_factory=dict)
    _leaving: set[int] = field(default_factory=set)
    _presence: int = 0
    _rounds: int = 0

    def owns(self, bucket: int) -> bool:
        """Whether events of this bucket may be delivered by this gateway."""
        lease = self._leases.get(bucket)
        is_valid = lease is not None and time.monotonic() - lease.renewed_at < _SAFE_SECONDS
        return is_valid and bucket not in self._leaving

    async def is_alone(self) -> bool:
        """Whether no other gateway is there; one that was killed is there until its lease ends."""
        until = time.monotonic() + LEASE_SECONDS + 2 * ROUND_SECONDS
        while (await self._found())[0] - {self.id}:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(ROUND_SECONDS)
        return True

    async def renew(self) -> None:
        """Renew what is owned, hand over what is more than a fair share, and take what is free.

        Raises:
            StoreBusy: the cluster does not answer.
        """
        self._rounds += 1
        self._presence = await self._write(f"gateway.{self.id}")
        await asyncio.gather(*(self._renew(bucket, lease) for bucket, lease in list(self._leases.items())))
        others, taken = await self._found()
        self.unowned = BUCKETS - len(taken)
        share = ceil(BUCKETS / (len(others | {self.id})))
        for bucket in list(self._leases)[share:]:
            self._leaving.add(bucket)
        for bucket in [one for one in self._leaving if self.is_idle(one)]:
            await self._give_up(bucket)
        free = [bucket for bucket in range(BUCKETS) if bucket not in taken and bucket not in self._leases]
        wanted = max(share - len(self._leases), 0)
        await asyncio.gather(*(self._take(bucket) for bucket in free[:wanted]))

    async def leave(self) -> None:
        """Give up everything, so that others need not wait for the leases to end."""
        for bucket in list(self._leases):
            await self._give_up(bucket)
        if self._presence:
            await self._delete(self._presence)

    async def _take(self, bucket: int) -> None:
        now = time.monotonic()
        try:
            revision = await self._write(f"bucket.{bucket}", 0)
        except ApiError:
            return  # another gateway was faster
        try:
            await self.taken(bucket)
        except BaseException:
            await self._delete(revision)
            raise
        self._leases[bucket] = _Lease(revision, now)

    async def _renew(self, bucket: int, lease: _Lease) -> None:
        now = time.monotonic()
        try:
            lease.revision = await self._write(f"bucket.{bucket}", lease.revision)
            lease.renewed_at = now
        except ApiError:
            kept = await last(self._client, self._stream, f"{self._stream}.bucket.{bucket}")
            if kept is None or kept.data != self.id.encode():
                self._forget(bucket)
            else:  # the answer to an earlier renewal was lost
                lease.revision = kept.sequence

    async def _give_up(self, bucket: int) -> None:
        lease = self._leases[bucket]
        self._forget(bucket)
        await self._delete(lease.revision)

    def _forget(self, bucket: int) -> None:
        self._leases.pop(bucket, None)
        self._leaving.discard(bucket)
        self.lost(bucket)

    async def _write(self, name: str, revision: int | None = None) -> int:
        """Say so for `LEASE_SECONDS`, if the last one to say it was this revision; 0 if there must be none."""
        id_ = f"{self.id}-{name}-{self._rounds}"
        subject = f"{self._stream}.{name}"
        data = self.report() if name.startswith("gateway.") else self.id.encode()
        return await self._publisher.publish(
            subject, data, id_, expected=revision, ttl=LEASE_SECONDS, patience=2.0
        )

    async def _delete(self, sequence: int) -> None:
        try:
            await ask(self._client, f"STREAM.MSG.DELETE.{self._stream}", seq=sequence, no_erase=True)
        except SpringheadError:
            return  # it ends by itself

    async def others(self) -> dict[str, bytes]:
        """The latest reports of the other gateways, by the id of each."""
        subjects = f"{self._stream}.gateway.*"
        found = read(self._client, self._stream, multi_last=[subjects], batch=10_000)
        reports = {message.subject.rpartition(".")[2]: message.data async for message in found}
        return {id_: report for id_, report in reports.items() if id_ != self.id}

    async def _found(self) -> tuple[set[str], set[int]]:
        """The gateways that are there, and the buckets that are owned."""
        info = await ask(self._client, f"STREAM.INFO.{self._stream}", subjects_filter=f"{self._stream}.>")
        names = [subject.split(".")[1:] for subject in (info["state"].get("subjects") or {})]
        gateways = {name for kind, name in names if kind == "gateway"}
        return gateways, {int(name) for kind, name in names if kind == "bucket"}
