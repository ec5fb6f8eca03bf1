"""What any store promises while it cannot accept more."""

from __future__ import annotations

import asyncio

import pytest

from springhead.gateway.storage.records import Receipt, StoreBusy, StoreFull
from springhead.gateway.storage.store import Store
from support.stores import Backend, claim, deliver, entry, fill, keep


def test_a_queue_that_is_too_long_refuses(backend: Backend) -> None:
    """More callers than may wait are told so at once; claims and settlements wait all the same."""

    async def scenario(store: Store) -> None:
        receipts = await asyncio.gather(
            *(keep(store, entry(f"{each}")) for each in range(15)), return_exceptions=True
        )
        assert receipts[:10] == [Receipt(1, (), ())] * 10
        assert all(isinstance(each, StoreBusy) for each in receipts[10:])
        assert await keep(store, entry("later")) == Receipt(1, (), ())

    backend.use(scenario, max_waiting=10)


def test_a_full_store_refuses_and_delivers(backend: Backend) -> None:
    """At `max_bytes` events are refused; once those it holds are delivered, others are accepted."""

    async def scenario(store: Store) -> None:
        await store.probe(["auth0"])
        accepted, _ = await fill(store, at_once=1)
        assert len(accepted) > 50
        with pytest.raises(StoreFull):
            await keep(store, entry("more", size=5_000))
        with pytest.raises(StoreFull):
            await store.probe(["auth0"])
        assert await deliver(store) == accepted
        assert await keep(store, entry("more", size=5_000)) == Receipt(1, (), ())

    backend.use(scenario, max_bytes=1_500_000)


def test_claims_do_not_take_the_place_of_calls(backend: Backend) -> None:
    """Only calls that wait for the store are counted."""

    async def scenario(store: Store) -> None:
        claims = [asyncio.create_task(claim(store, lane, 16)) for lane in range(16)]
        await asyncio.sleep(0)
        assert await keep(store, entry("1")) == Receipt(1, (), ())
        await asyncio.gather(*claims)

    backend.use(scenario, max_waiting=1)
