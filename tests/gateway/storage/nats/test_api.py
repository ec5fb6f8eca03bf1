"""How batches of messages are read, and what becomes of an answer that is not whole."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from springhead.gateway.storage.nats import NatsOptions
from springhead.gateway.storage.nats.api import read
from springhead.gateway.storage.nats.connection import connect
from springhead.gateway.storage.records import StoreBusy
from support.nats_nodes import Node

END = {"Status": "204"}


def message(sequence: int) -> dict[str, str]:
    """The headers of a message."""
    at = "2026-11-26T04:35:45.191963596Z"
    return {"Nats-Sequence": f"{sequence}", "Nats-Subject": "s.1", "Nats-Time-Stamp": at}


async def is_heard(client: Client, subject: str) -> bool:
    """Whether somebody answers to a subject."""
    with suppress(NoRespondersError):
        await client.request(subject, timeout=10)
        return True
    return False


async def answered(nodes: list[Node], *answer: dict[str, str]) -> Sequence[int]:
    """The sequences that are read if a batched direct get is answered by messages with these headers."""
    options = NatsOptions((nodes[0].url,), name=f"test-{uuid.uuid4().hex}")
    reader, replica = await connect(options), await connect(options)

    async def reply(request: Msg) -> None:
        for headers in answer:
            await replica.publish(request.reply, headers=headers)

    try:
        if answer:
            subject = f"$JS.API.DIRECT.GET.{options.name}"
            await replica.subscribe(subject, cb=reply)
            while not await is_heard(reader, subject):  # noqa: ASYNC110 - servers tell each other
                await asyncio.sleep(0.05)
        return [found.sequence async for found in read(reader, options.name, seq=1, batch=9)]
    finally:
        await reader.close()
        await replica.close()


def test_a_batch_is_read_to_its_end(nodes: list[Node]) -> None:
    """Each message says which one was sent before it, and so does the end."""
    first, second = message(3) | {"Nats-Last-Sequence": "0"}, message(7) | {"Nats-Last-Sequence": "3"}
    assert asyncio.run(answered(nodes, first, second, END | {"Nats-Last-Sequence": "7"})) == [3, 7]


@pytest.mark.parametrize(
    "answer",
    [
        (message(3) | {"Nats-Last-Sequence": "0"}, message(7) | {"Nats-Last-Sequence": "5"}),
        (message(3) | {"Nats-Last-Sequence": "0"}, END | {"Nats-Last-Sequence": "7"}),
    ],
)
def test_messages_lost_on_their_way_are_missed(nodes: list[Node], answer: tuple[dict[str, str], ...]) -> None:
    """A broken connection may swallow a part of a batch: what follows is not read as if nothing were there."""
    with pytest.raises(StoreBusy, match="messages were lost on their way"):
        asyncio.run(answered(nodes, *answer))


@pytest.mark.parametrize("answer", [(), ({"Status": "413"},)])
def test_no_answer_is_not_an_empty_one(nodes: list[Node], answer: tuple[dict[str, str], ...]) -> None:
    """No replica may be ready to answer, or the answer may be refused."""
    with pytest.raises(StoreBusy, match="NATS does not answer: status"):
        asyncio.run(answered(nodes, *answer))


def test_a_replica_that_does_not_answer_is_not_waited_for(nodes: list[Node]) -> None:
    """The next request goes to another one, if servers choose that."""
    options = NatsOptions((nodes[0].url,), name=f"test-{uuid.uuid4().hex}")

    async def scenario() -> None:
        reader, replica = await connect(options), await connect(options)
        requests: list[Msg] = []

        async def reply(request: Msg) -> None:
            requests.append(request)
            if len(requests) > 1:
                await replica.publish(request.reply, headers=END | {"Nats-Last-Sequence": "0"})

        try:
            subject = f"$JS.API.DIRECT.GET.{options.name}"
            await replica.subscribe(subject, cb=reply)
            while True:
                with suppress(StoreBusy):  # servers tell each other of the subscription
                    assert [found async for found in read(reader, options.name, seq=1, batch=9)] == []
                    break
            assert len(requests) == 2
        finally:
            await reader.close()
            await replica.close()

    asyncio.run(scenario())
