"""What watchers see of accepted requests, and when they stop."""

from __future__ import annotations

import asyncio
import re

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
            recent.add(RecentRequest(source, Request(), Outcome()), ())
        await first
        recent.add(RecentRequest(source, Request(), Outcome()), ())
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

    masked = mask_ids(event, b"key")

    user, anonymous = masked["userId"], masked["anonymousId"]
    assert re.fullmatch("…#[0-9a-f]{4}", user)
    assert re.fullmatch(r"…\.com#[0-9a-f]{4}", anonymous)
    context = {"externalId": [{"id": anonymous, "at": 1}], "note": "tracked"}
    assert masked == {"type": "track", "userId": user, "anonymousId": anonymous, "context": context}


def test_masked_ids_stay_apart() -> None:
    """Short ones, and those that end alike. The same id has another mask in another gateway."""
    ids = [*map(str, range(10)), "ada@example.com", "bea@example.com", "\ud800"]

    masks = [mask_ids({"type": "track", "userId": id_}, b"key")["userId"] for id_ in ids]

    assert len(set(masks)) == len(ids)
    assert masks == [mask_ids({"type": "page", "userId": id_}, b"key")["userId"] for id_ in ids]
    other = mask_ids({"type": "track", "userId": "1"}, b"other key")["userId"]
    assert other != masks[1]
    assert RecentRequests().key != RecentRequests().key
