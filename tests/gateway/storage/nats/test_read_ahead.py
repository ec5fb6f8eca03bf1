"""How much of what waits is held in memory."""

from __future__ import annotations

from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsStore
from support.stores import NatsBackend, call, claim, deliver, entry, keep, names

LIMIT = 2**20
BOUND = LIMIT + 3 * 16 * 2**13
"""Each of the logs of three sources may always hold a message, and a little more."""
LOGS = "springhead.gateway.storage.nats.source_logs"


def events(source: str, size: int = 2_000) -> list[Any]:
    """More than fits, of many users."""
    return [entry(f"{number}", f"{number}", source, size) for number in range(800)]


async def keep_apart(store: NatsStore, kept: list[Any]) -> None:
    """Append these events so that few are in a message: at least one message is read at once."""
    for start in range(0, len(kept), 20):
        await keep(store, *kept[start : start + 20])


@pytest.fixture
def store(backend: NatsBackend, monkeypatch: pytest.MonkeyPatch) -> NatsBackend:
    """A store that may hold little."""
    monkeypatch.setattr(f"{LOGS}._MAX_BYTES", LIMIT)
    monkeypatch.setattr(f"{LOGS}._MIN_READ", 2**12)
    return backend


pytestmark = pytest.mark.parametrize("backend", ["nats"], indirect=True)


def test_sources_that_stand_still_leave_room_for_others(store: NatsBackend) -> None:
    """All together hold no more than the limit, and what is delivered is delivered whole and in order."""

    async def scenario(opened: Any) -> None:
        held: NatsStore = opened
        for source in ("still", "also still"):
            await keep_apart(held, events(source))
            assert len(await claim(held, source=source, events=1)) == 1
            assert 0 < held.read_ahead <= BOUND
        await keep_apart(held, events("flowing"))
        delivered: list[str] = []
        while claimed := await claim(held, source="flowing"):
            assert held.read_ahead <= BOUND
            await held.acknowledge([event.seq for event in claimed])
            delivered += names(claimed)
        assert sorted(delivered) == sorted(event.message_id for event in events("flowing"))
        assert (await held.counts()).by_source["still"] == (800, 0)

    store.use(scenario)


def test_an_event_larger_than_the_room_is_delivered(store: NatsBackend) -> None:
    """A log that holds nothing reads one message, whatever its size."""

    async def scenario(opened: Any) -> None:
        await keep(opened, entry("large", size=LIMIT * 2), entry("small"))
        assert names(await claim(opened, events=1)) == ["large"]
        assert names(await claim(opened, events=1, size=10)) == []

    store.use(scenario)


def test_the_calls_that_events_came_in_are_counted(store: NatsBackend) -> None:
    """They are held as long as an event of them waits, and may be much larger than it."""

    async def scenario(opened: Any) -> None:
        body = b" " * 2**17
        for number in range(40):
            await opened.append([entry(f"{number}")], [], call(body))
        (first,) = await claim(opened, events=1)
        assert len(body) < opened.read_ahead <= BOUND
        await opened.acknowledge([first.seq])
        assert await deliver(opened) == [f"{number}" for number in range(1, 40)]
        assert opened.read_ahead == 0

    store.use(scenario, keep_calls=True)
