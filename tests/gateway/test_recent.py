"""What watchers see of accepted requests, and when they stop."""

from __future__ import annotations

import asyncio

from springhead import Outcome, Request
from springhead.gateway.recent import RecentRequest, RecentRequests, mask_ids
from springhead.gateway.settings import SourceSettings


def test_closing_ends_a_watcher_that_is_far_behind() -> None:
    """The end reaches it even though its queue is full."""
    source = SourceSettings(name="Auth0", type="auth0", write_key=("an-invented-write-key",))  # type: ignore[arg-type]

    async def scenario() -> int:
        recent = RecentRequests()
        requests = recent.watch()
        first = asyncio.ensure_future(anext(requests))
        await asyncio.sleep(0)
        for _ in range(1_500):
            recent.add(RecentRequest(source, Request(), Outcome()), 0)
        await first
        recent.add(RecentRequest(source, Request(), Outcome()), 0)
        recent.close()
        return len([request async for request in requests])

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == 999


def test_ids_are_masked_wherever_they_stand() -> None:
    """A short id wholly. The type of an event stays, even where an id is the same text."""
    event = {
        "type": "track",
        "userId": "track",
        "anonymousId": "ada@example.com",
        "context": {"externalId": [{"id": "ada@example.com", "at": 1}], "note": "tracked"},
    }

    assert mask_ids(event) == {
        "type": "track",
        "userId": "…",
        "anonymousId": "….com",
        "context": {"externalId": [{"id": "….com", "at": 1}], "note": "tracked"},
    }
