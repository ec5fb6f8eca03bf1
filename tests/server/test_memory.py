"""How calls share the memory for bodies."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive

from springhead.http import BodyError
from springhead.server.body import LARGE, read_body
from springhead.server.deadline import Deadline
from springhead.server.memory import MAPPED_AT_ONCE, Claim, MemoryBudget

LIMIT = 1_000_000
"""Bytes of the longest body in these tests."""


async def take(budget: MemoryBudget, size: int, owner: str = "A") -> Claim:
    """A claim of so many bytes; None of it is given back."""
    claim = budget.claim(owner)
    await claim.take(size)
    return claim


def chunked(*chunks: bytes) -> Receive:
    """Receives a body chunk by chunk, each only after other calls had their turn."""
    left: Iterator[bytes] = iter(chunks)
    last = len(chunks) - 1
    numbers = iter(range(len(chunks)))

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": next(left), "more_body": next(numbers) < last}

    return receive


async def read(claim: Claim, receive: Receive, *headers: tuple[bytes, bytes]) -> bytes:
    """The body that comes in, with its memory claimed."""
    return await read_body({"type": "http", "headers": headers}, receive, LIMIT, Deadline(60), claim)


def test_bytes_are_held_until_the_end_of_the_call() -> None:
    """Even if it fails."""

    async def scenario() -> None:
        with budget.claim() as claim:
            await claim.take(60)
            claim.resize(40)
            assert budget.used == 40
            raise ZeroDivisionError

    budget = MemoryBudget(100)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(scenario())
    assert budget.used == 0


def test_calls_wait_in_turn() -> None:
    """One that needs little does not overtake one that needs much, which might wait for ever."""

    async def scenario() -> list[str]:
        budget, order = MemoryBudget(100), list[str]()
        holder = await take(budget, 60)

        async def call(name: str, size: int) -> None:
            with budget.claim("B") as claim:
                await claim.take(size)
                order.append(name)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(call("much", 90))
            tasks.create_task(call("little", 10))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert order == []
            holder.resize(0)
        return order

    assert asyncio.run(scenario()) == ["much", "little"]


def test_an_owner_holds_no_more_than_its_share() -> None:
    """Others take what is left, past those of its calls that wait."""

    async def scenario() -> None:
        budget = MemoryBudget(100)
        budget.share(2)
        holder = await take(budget, 50, "A")
        waiting = asyncio.create_task(take(budget, 10, "A"))
        await asyncio.sleep(0)

        other = await take(budget, 50, "B")

        assert not waiting.done()
        assert budget.used == 100
        holder.resize(0)
        assert (await waiting).size == 10
        assert other.size == 50

    asyncio.run(scenario())


def test_a_body_larger_than_the_share_takes_all_of_it() -> None:
    """Else it could never be read."""

    async def scenario() -> None:
        budget = MemoryBudget(100)
        budget.share(2)

        assert (await take(budget, 1_000)).size == 50
        assert budget.used == 50

    asyncio.run(scenario())


def test_a_call_that_waits_too_long_is_refused() -> None:
    """With 503 and Retry-After; it no longer stands in the way of others."""

    async def scenario() -> None:
        budget = MemoryBudget(100, wait_seconds=0.01)
        holder = await take(budget, 60)

        with pytest.raises(BodyError) as caught:
            await take(budget, 50)

        assert (caught.value.status, caught.value.retry_after) == (503, 5)
        assert (await take(budget, 40)).size == 40
        holder.resize(0)
        assert budget.used == 40

    asyncio.run(scenario())


def test_a_call_that_is_cancelled_gives_back_what_it_was_given() -> None:
    """Even if both happen at once."""

    async def scenario() -> None:
        budget = MemoryBudget(100)
        holder = await take(budget, 60)

        async def call() -> None:
            with budget.claim() as claim:
                await claim.take(50)

        tasks = [asyncio.create_task(call()) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        holder.resize(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

        assert budget.used == 0
        assert (await take(budget, 100)).size == 100

    asyncio.run(scenario())


def test_few_bodies_are_mapped_at_once() -> None:
    """Short ones as well; a long one counts with what its records take."""

    async def scenario() -> None:
        budget = MemoryBudget(1_000_000, wait_seconds=0.01)
        for _ in range(MAPPED_AT_ONCE):
            await budget.claim().take_to_map(b"{}")
        with pytest.raises(BodyError):
            await budget.claim().take_to_map(b"{}")

        budget = MemoryBudget(1_000_000)
        claim = budget.claim()
        await claim.take_to_map(b" " * 20_000)
        assert claim.size == 900_000

    asyncio.run(scenario())


@pytest.mark.parametrize("announced", [True, False])
def test_bodies_that_arrive_together_do_not_wait_for_each_other(announced: bool) -> None:
    """Twenty share the memory of two, and all are read: none holds a part of it while it waits."""
    chunk = b" " * 100_000
    headers = [(b"content-length", b"900000")] if announced else []

    async def scenario() -> list[int]:
        budget, peak = MemoryBudget(2 * LIMIT), 0

        async def call() -> int:
            nonlocal peak
            with budget.claim() as claim:
                body = await read(claim, chunked(*[chunk] * 9), *headers)
                peak = max(peak, budget.used)
                assert claim.size == len(body)
                return len(body)

        sizes = await asyncio.gather(*(call() for _ in range(20)))
        assert peak <= 2 * LIMIT
        assert budget.used == 0
        return sizes

    assert asyncio.run(scenario()) == [900_000] * 20


@pytest.mark.parametrize("length", [LARGE + 1, LIMIT])
def test_memory_is_taken_before_a_body_is_inflated(length: int) -> None:
    """Of a few bytes of gzip nothing else is known but that they yield no more than the longest body."""

    async def scenario() -> None:
        budget = MemoryBudget(2 * LIMIT, wait_seconds=0.01)
        holder = await take(budget, LIMIT)
        encoded = gzip.compress(b" " * length)
        with pytest.raises(BodyError, match="too many bodies are in memory"):
            await read(budget.claim(), chunked(encoded), (b"content-encoding", b"gzip"))

        holder.resize(0)
        with budget.claim() as claim:
            body = await read(claim, chunked(encoded), (b"content-encoding", b"gzip"))
            assert claim.size == len(body) == length

    asyncio.run(scenario())


@pytest.mark.parametrize("encoding", [b"identity", b"gzip"])
def test_a_small_body_never_waits(encoding: bytes) -> None:
    """It is in memory as soon as it is seen, and counts."""

    async def scenario() -> None:
        budget = MemoryBudget(100)
        await take(budget, 100)
        body = b" " * LARGE
        encoded = body if encoding == b"identity" else gzip.compress(body)
        with budget.claim() as claim:
            assert await read(claim, chunked(encoded), (b"content-encoding", encoding)) == body
            assert budget.used == 100 + LARGE

    asyncio.run(scenario())
