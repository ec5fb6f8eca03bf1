"""Bounds the memory that request bodies take together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Self

from ..http.body_error import BodyError
from .deadline import Deadline

MAPPED_AT_ONCE = 2
"""Bodies that are mapped in threads at once: more would only wait for each other."""

_MAPPING_FACTOR = 45
"""Bytes of memory that one byte of a body takes at most while it is mapped, as in `[{"a":0},{"a":0},...]`."""
_WAIT_SECONDS = 5.0
"""How long a call waits for memory. Many senders give up after ten seconds."""
_RETRY_AFTER = 5


class MemoryBudget:
    """Bytes of memory shared by the calls of several owners. Calls wait in turn for what is not free.

    A call claims all it may need at once, and holds nothing while it waits. So calls never wait for each other.

    Attributes:
        size: its bytes.
        used: the bytes claimed now.
        largest_share: the most that one owner is given.
        by_owner: those of each owner.
        waiting: the calls that wait, in turn.
    """

    def __init__(self, size: int, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        """`size` is in bytes; a call waits for at most `wait_seconds`."""
        self.used = 0
        self.size = size
        self.largest_share = size
        self.by_owner: defaultdict[str, int] = defaultdict(int)
        self.waiting: dict[_Waiter, None] = {}
        self._deadline = Deadline(wait_seconds)

    def share(self, shares: int) -> None:
        """Give one owner at most the size divided by `shares` from now on."""
        self.largest_share = self.size // shares

    def claim(self, owner: str = "") -> Claim:
        """A claim of no bytes yet, to be used as a context."""
        return Claim(self, owner)

    async def wait(self, claim: Claim, size: int) -> None:
        """Wait until a claim is given so many bytes.

        Raises:
            TimeoutError: it was not.
        """
        waiter = _Waiter(claim, size, asyncio.get_running_loop().create_future())
        self.waiting[waiter] = None
        self.grant()
        try:
            if not waiter.granted.done():
                await self._deadline.within(waiter.granted)
        finally:
            self.waiting.pop(waiter, None)

    def grant(self) -> None:
        """Give what is free to the calls that wait, in turn; owners that have their share are passed over."""
        for waiter in list(self.waiting):
            if self.by_owner[waiter.claim.owner] + waiter.size > self.largest_share or waiter.granted.done():
                continue
            if self.used + waiter.size > self.size:
                return
            del self.waiting[waiter]
            waiter.claim.resize(waiter.size)
            waiter.granted.set_result(None)


class Claim:
    """The bytes of a budget that one call holds, until the end of its context.

    Attributes:
        owner: whose call it is.
        size: the bytes.
    """

    __slots__ = ("_budget", "owner", "size")

    def __init__(self, budget: MemoryBudget, owner: str) -> None:
        self._budget = budget
        self.owner = owner
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.resize(0)

    def resize(self, size: int) -> None:
        """Hold exactly so many bytes from now on, without waiting for them: they are in memory already."""
        budget, added = self._budget, size - self.size
        self.size = size
        budget.used += added
        budget.by_owner[self.owner] += added
        if added < 0 and budget.waiting:
            budget.grant()

    async def take(self, size: int) -> None:
        """Hold at least so many bytes, or all the owner may have; wait until they are free.

        Raises:
            BodyError: 503 others still hold them after a while.
        """
        size = min(size, self._budget.largest_share)
        if size <= self.size:
            return
        self.resize(0)
        try:
            await self._budget.wait(self, size)
        except TimeoutError:
            reason = "too many bodies are in memory: try again"
            raise BodyError(503, "Service Unavailable", reason, _RETRY_AFTER) from None

    async def take_to_map(self, body: bytes) -> None:
        """Take what mapping a body may need, and at least what lets no more than `MAPPED_AT_ONCE` be mapped.

        Raises:
            BodyError: as `take`.
        """
        await self.take(max(len(body) * _MAPPING_FACTOR, self._budget.size // MAPPED_AT_ONCE))


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    claim: Claim
    size: int
    granted: asyncio.Future[None]
