"""The feed: what watchers see, and when they stop."""

from __future__ import annotations

import asyncio

from springhead import Outcome, Request
from springhead.gateway.recent import RecentRequest, RecentRequests
from springhead.gateway.settings import SourceSettings


def test_closing_the_feed_ends_a_watcher_that_is_far_behind() -> None:
    """Its queue is full: the end comes all the same."""
    source = SourceSettings(name="Auth0", type="auth0", write_key=("an-invented-write-key",))  # type: ignore[arg-type]

    async def scenario() -> int:
        feed = RecentRequests()
        watching = feed.watch()
        first = asyncio.ensure_future(anext(watching))
        await asyncio.sleep(0)
        for _ in range(1_500):
            feed.add(RecentRequest(source, Request(), Outcome()))
        await first
        feed.add(RecentRequest(source, Request(), Outcome()))
        feed.close()
        return len([accepted async for accepted in watching])

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == 999
