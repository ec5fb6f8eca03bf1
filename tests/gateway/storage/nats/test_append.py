"""How events are packed into messages, and what callers are told of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client

from springhead.gateway.storage.nats import NatsOptions, NatsStore, chunk
from springhead.gateway.storage.nats.append import Appender
from springhead.gateway.storage.nats.outbox import Outbox
from springhead.gateway.storage.nats.ownership import BUCKETS
from springhead.gateway.storage.nats.publisher import Publisher
from springhead.gateway.storage.nats.seen import Seen
from springhead.gateway.storage.records import Receipt, StoreBusy, StoredCall
from support.nats_nodes import Node
from support.senders import until
from support.stores import call, deliver, entry, keep


class Refusing(Publisher):
    """Reaches no cluster."""

    def __init__(self) -> None: ...

    async def publish(self, *_: Any, **__: Any) -> int:
        """Fail."""
        raise StoreBusy("NATS does not answer")


class Silent(Publisher):
    """Reaches a cluster that does not answer before it is told to."""

    def __init__(self) -> None:
        super().__init__(Client(), 0.0)
        self.answering = asyncio.Event()

    async def publish(self, *_: Any, **__: Any) -> int:
        """Wait."""
        self.publishes += 1
        await self.answering.wait()
        return self.publishes


class Down(Client):
    """A connection that is down."""

    looked = 0
    _max_payload = 10**6

    @property
    def is_connected(self) -> bool:
        """No."""
        self.looked += 1
        return False


@asynccontextmanager
async def appending(folder: Path, publisher: Publisher, patience: float) -> AsyncIterator[Appender]:
    """An appender that publishes so."""
    seen = Seen(folder / "seen.sqlite", 60.0, "2026-11-25T00:00:00Z")
    outbox = Outbox(publisher, seen, "events", 10**6, lambda *_: None)
    yield Appender(outbox, seen, "here", 10, patience)
    await seen.close()


def test_a_call_is_held_from_its_own_arrival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from the end of one before it: what nobody waits for any longer is not published."""
    monkeypatch.setattr("springhead.gateway.storage.nats.append.ANSWER_SECONDS", 0.0)

    async def scenario() -> None:
        publisher = Silent()
        async with appending(tmp_path, publisher, 0.2) as appender:
            first = asyncio.create_task(appender.append([entry("1")], None, {}))
            await until(lambda: publisher.publishes > 0)
            with pytest.raises(StoreBusy):
                await appender.append([entry("2")], None, {})
            with pytest.raises(StoreBusy):
                await first
            publisher.answering.set()
            await appender.finish()
            assert publisher.publishes == 1
            assert await appender.append([entry("1"), entry("2")], None, {}) == Receipt(1, (0,), ())

    asyncio.run(scenario())


def test_without_patience_nothing_is_tried_again() -> None:
    """A sender hears at once that there is no leader, or no connection."""

    async def scenario() -> None:
        client = Down()
        with pytest.raises(StoreBusy):
            await Publisher(client, 0.0).publish("events", b"", "1")
        assert client.looked == 1

    asyncio.run(scenario())


def test_a_duplicate_is_not_ok_before_what_it_duplicates_is(tmp_path: Path) -> None:
    """Of two calls that wait together, the second is kept only if the first is."""

    async def scenario() -> None:
        async with appending(tmp_path, Refusing(), 1.0) as appender:
            appends = [appender.append([entry("1")], None, {}) for _ in range(2)]
            results = await asyncio.gather(*appends, return_exceptions=True)
            assert [type(result) for result in results] == [StoreBusy, StoreBusy]

    asyncio.run(scenario())


@given(st.integers(0, 5_000))
def test_messages_have_few_sizes(count: int) -> None:
    """They add up, and five are enough for any number up to the largest size."""
    found = list(chunk.sizes(count))

    assert sum(found) == count
    assert len(found) <= count // chunk.MAX_EVENTS + 5
    assert all(
        size <= chunk.MAX_EVENTS and size.bit_length() - (size & -size).bit_length() < 4 for size in found
    )


@given(st.lists(st.tuples(st.integers(2, 3_000), st.integers(0, 3)), max_size=60))
def test_packing_keeps_order_and_calls(given_: list[tuple[int, int]]) -> None:
    """Each event keeps the call it came in; a message is too long only if one event is."""
    kept: list[StoredCall | None] = [None, call(b"a" * 100), call(b"b" * 2_000), call(b"c")]
    events = [chunk.PackedEvent(f"{n}", "ada", b"x" * size, b"0" * 16) for n, (size, _) in enumerate(given_)]
    calls = [kept[number] for _, number in given_]

    packed = list(chunk.pack(events, calls, 5_000))

    found = [
        (event.message_id, part.calls[event.call] if event.call >= 0 else None)
        for part in packed
        for event in part.events
    ]
    assert found == [(event.message_id, one) for event, one in zip(events, calls, strict=True)]
    assert all(len(part.events) == 1 or len(chunk.encode(part)) <= 5_000 for part in packed)
    assert [chunk.decode(chunk.encode(part)) for part in packed] == packed


@given(st.integers(1, 2**53), st.integers(0, chunk.MAX_EVENTS - 1))
def test_a_number_says_where_an_event_is(sequence: int, index: int) -> None:
    """And a later message has larger ones."""
    assert chunk.sequence_and_index(chunk.number_of(sequence, index)) == (sequence, index)
    assert chunk.number_of(sequence, index) < chunk.number_of(sequence + 1, 0)


@given(st.text(st.characters(codec="utf-8")))
def test_any_name_is_one_token_of_a_subject(name: str) -> None:
    """And can be told from it."""
    token = chunk.token(name)

    assert token
    assert set(token) <= set("0123456789abcdef-")
    assert chunk.name_of(token) == name


def test_calls_that_wait_together_are_kept_however_long_their_parts_are(
    nodes: list[Node], tmp_path: Path
) -> None:
    """The messages they are packed into hold their messageIds and headers, too, and no more than they may."""
    servers = tuple(node.url for node in nodes)
    options = NatsOptions(servers, name=f"test-{uuid.uuid4().hex}", folder=tmp_path, keep_calls=True)
    with_headers = msgspec.structs.replace(call(), headers={"user-agent": ["a" * 30_000]})

    async def scenario() -> None:
        store = NatsStore(options)
        await store.open()
        try:
            await until(lambda: len(store.owned) == BUCKETS)
            ids = [f"{number}" + "a" * 100_000 for number in range(100)]
            assert await keep(store, *map(entry, ids)) == Receipt(100, (), ())
            appends = (store.append([entry(f"{number}")], [], with_headers) for number in range(400))
            assert set(await asyncio.gather(*appends)) == {Receipt(1, (), ())}
            assert await deliver(store) == ids + [f"{number}" for number in range(400)]
        finally:
            await store.close()

    asyncio.run(scenario())


def test_a_call_that_cannot_be_kept_fails_alone(nodes: list[Node], tmp_path: Path) -> None:
    """Those that wait beside it are kept, of whatever source."""
    options = NatsOptions((nodes[0].url,), name=f"test-{uuid.uuid4().hex}", folder=tmp_path, patience=0.0)

    async def scenario() -> None:
        store = NatsStore(options)
        await store.open()
        try:
            appends = keep(store, entry("1", "\ud800")), keep(store, entry("2"))
            failure, receipt = await asyncio.gather(*appends, return_exceptions=True)
            assert (type(failure), receipt) == (UnicodeEncodeError, Receipt(1, (), ()))
        finally:
            await store.close()

    asyncio.run(scenario())
