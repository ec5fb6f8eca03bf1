"""Acts at random on a store, and says what must be true after that."""

from __future__ import annotations

import random
from collections import defaultdict

from springhead.gateway.storage.records import ClaimedEvent, Receipt
from springhead.gateway.storage.store import Store
from support.stores import claim, dead_event, entry, keep


class Model:
    """Random acts on a store, and what must be true after them."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.accepted: dict[str, list[str]] = defaultdict(list)
        self.ended: dict[str, list[str]] = defaultdict(list)
        self.held: list[list[ClaimedEvent]] = []

    @property
    def undelivered(self) -> int:
        """How many events are still to be delivered."""
        return sum(map(len, self.accepted.values())) - sum(map(len, self.ended.values()))

    async def act(self, times: int) -> None:
        """Do this many things to the store."""
        acts = [self.append, self.append, self.claim, self.release, self.settle, self.settle, self.drop]
        for act in self.chance.choices(acts, k=times):
            await act()

    async def append(self) -> None:
        """Four events, two of them twice."""
        number = self.chance.random()
        sent = [entry(f"{number}/{each}", self.chance.choice("abcdef")) for each in range(4)]
        for each in sent:
            self.accepted[each.user].append(each.message_id)
        assert await keep(self.store, *sent, *sent[:2]) == Receipt(4, (4, 5), ())

    async def claim(self) -> None:
        """A few events of some lane."""
        lane = self.chance.randrange(4)
        self.held.append(await claim(self.store, lane, 4, events=self.chance.randrange(1, 9)))

    async def release(self) -> None:
        """One of the claims."""
        if self.held:
            await self.store.release([each.seq for each in self._taken()])

    async def settle(self) -> None:
        """One of the claims, the rest of it as dead letters."""
        taken = self._taken() if self.held else []
        for each in taken:
            self.ended[each.user].append(each.message_id)
        delivered = self.chance.randrange(len(taken) + 1)
        dead = [dead_event(each) for each in taken[delivered:]]
        await self.store.acknowledge([each.seq for each in taken[:delivered]], dead)

    async def drop(self) -> None:
        """The oldest dead letter."""
        await self.store.drop([each.id for each in await self.store.dead_letters(limit=1)])

    def _taken(self) -> list[ClaimedEvent]:
        return self.held.pop(self.chance.randrange(len(self.held)))
