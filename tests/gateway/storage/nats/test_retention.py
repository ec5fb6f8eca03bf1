"""Which dead letters a sweep leaves, and what is left of one that is too long."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from springhead.gateway.storage.nats import retention
from springhead.gateway.storage.records import Removal, StoreFull
from support.stores import NatsBackend, claim, dead_event, entry, keep, letter

pytestmark = pytest.mark.parametrize("backend", ["nats"], indirect=True)


def test_a_sweep_leaves_no_more_than_may_be_kept(backend: NatsBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many came since the last one: the stream would drop the oldest of any source."""
    monkeypatch.setattr(retention, "MOST", 5)

    async def scenario(store: Any) -> None:
        (first,) = (await store.append([], [letter(source="other")], None)).dead_letters
        many = [letter(record=b"%d" % number + b" " * 1_000) for number in range(100)]
        await store.append([], many, None)
        (removal,) = await store.sweep()
        assert removal == Removal("auth0", "dead_letter", "size", removal.count)
        assert (await store.counts()).space.dead_letters <= 50_000
        assert await store.dead_letter(first) is not None

    backend.use(scenario, dead_letter_bytes=50_000)


def test_a_clock_that_is_ahead_drops_nothing(backend: NatsBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too old by this machine's clock must be so by the servers', too."""
    now = time.time

    async def scenario(store: Any) -> None:
        await store.append([], [letter()], None)
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: now() + 400 * 86_400)
            assert await store.sweep() == []
        assert (await store.counts()).dead_letters == 1

    backend.use(scenario)


def test_an_event_of_any_size_can_become_a_dead_letter(backend: NatsBackend) -> None:
    """However long the answer is: what is too long for a message is left out, and the event never is."""

    async def scenario(store: Any) -> None:
        limit = store._client.max_payload  # noqa: SLF001 - of the servers
        with pytest.raises(StoreFull, match="raise max_payload"):
            await keep(store, entry("too long", size=limit - 8_192))
        largest = entry("1", size=limit - 8_192 - 60)
        await keep(store, largest)
        (claimed,) = await claim(store, size=limit)
        refused = msgspec.structs.replace(dead_event(claimed), answer="no" * 100_000)
        await store.acknowledge([], [refused])
        ((summary,), counts) = await store.dead_letters(), await store.counts()
        kept = await store.dead_letter(summary.id)
        assert (kept.event, kept.reason, kept.answer) == (largest.event, refused.reason, "")
        assert (counts.undelivered, counts.dead_letters) == (0, 1)

    backend.use(scenario)
