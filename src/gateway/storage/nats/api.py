"""Asks JetStream for what nats-py does not: batches of messages, and answers with their error codes."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ....core.errors import SpringheadError
from ..records import StoreBusy

T = TypeVar("T")

_API = "$JS.API"
_SECONDS = 5.0
"""How long a request waits for its answer: an election takes longer, and is waited out by trying again."""
_REPLICA_SECONDS = 0.5
"""How long the first replica asked may take to begin its answer; each further one twice as long."""
_PAUSE = 0.2
"""Seconds between two tries."""
NOT_FOUND = (10037, 10059)
"""Codes of a message or a stream that is not there."""
_UNAVAILABLE = 10008
"""The code of a cluster that has no leader."""
_DELETED = 10057
"""The code of a message that is not there to be deleted."""
_END = "204"
"""The status after the last message of a batch."""
_NOTHING = "404"
"""The status of a batch that no message belongs to."""


class ApiError(SpringheadError):
    """JetStream refused a request.

    Attributes:
        code: of https://github.com/nats-io/nats-server/blob/main/server/errors.json
    """

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message of a stream."""

    sequence: int
    subject: str
    at: float
    data: bytes


async def ask(client: Client, name: str, /, **request: Any) -> dict[str, Any]:
    """The answer of the API to a request.

    Raises:
        ApiError: it was refused.
        StoreBusy: nobody answered in time.
    """
    return answer_of(await send(client, f"{_API}.{name}", json.dumps(request).encode()))


async def until_answered(work: Callable[[], Awaitable[T]], seconds: float) -> T:
    """The result of some work, which is tried again while nobody answers, as in an election.

    Raises:
        StoreBusy: nobody has answered for so many seconds.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return await work()
        except StoreBusy:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(_PAUSE)


async def send(
    client: Client, subject: str, data: bytes, headers: dict[str, str] | None = None, seconds: float = _SECONDS
) -> Msg:
    """The reply to a message.

    Raises:
        StoreBusy: nobody replied in time, or the connection is down.
    """
    if not client.is_connected:
        raise StoreBusy("the connection to NATS is down")
    try:
        return await client.request(subject, data, timeout=seconds, headers=headers)
    except (nats.errors.Error, TimeoutError) as error:
        raise StoreBusy(f"NATS does not answer: {type(error).__name__}") from None


def answer_of(reply: Msg) -> dict[str, Any]:
    """The answer in a reply.

    Raises:
        ApiError: it is an error.
        StoreBusy: it is an error that passes, as while the cluster elects a leader.
    """
    answer: dict[str, Any] = json.loads(reply.data)
    if error := answer.get("error"):
        failure = ApiError(error.get("err_code", error.get("code", 0)), error.get("description", ""))
        raise StoreBusy(str(failure)) if failure.code == _UNAVAILABLE else failure
    return answer


async def read(client: Client, stream: str, /, **request: Any) -> AsyncIterator[StoredMessage]:
    """The messages that a batched direct get finds; any replica answers, so the last ones may be missing.

    Raises:
        StoreBusy: nobody answers, or a part of the answer was lost.
    """
    subscription, message = await _ask_replica(client, f"{_API}.DIRECT.GET.{stream}", json.dumps(request))
    try:
        before = 0
        while True:
            headers = message.headers or {}
            status = headers.get("Status")
            if status == _NOTHING:
                return
            if status not in {None, _END}:
                raise StoreBusy(f"NATS does not answer: status {status}")
            if int(headers["Nats-Last-Sequence"]) != before:
                raise StoreBusy("NATS does not answer: messages were lost on their way")
            if status == _END:
                return
            stored = _stored(message)
            before = stored.sequence
            yield stored
            message = await _next(subscription, _SECONDS)
    finally:
        await subscription.unsubscribe()


async def _ask_replica(client: Client, subject: str, request: str) -> tuple[Subscription, Msg]:
    """The first message of a replica's answer, and where the next ones arrive.

    A server may choose a replica that is cut off, until it notices: without an answer, another one is asked.
    """
    seconds = _REPLICA_SECONDS
    while client.is_connected:
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(subject, request.encode(), reply=inbox)
            return subscription, await _next(subscription, seconds)
        except BaseException as error:
            await subscription.unsubscribe()
            seconds *= 2
            if not isinstance(error, StoreBusy) or seconds > _SECONDS:
                raise
    raise StoreBusy("the connection to NATS is down")


async def read_all(
    client: Client, stream: str, subjects: str, start: int = 1
) -> AsyncGenerator[StoredMessage, None]:
    """The messages of these subjects from a sequence on, in batches."""
    before = 0
    while start != before:
        before = start
        request = {"seq": start, "batch": 256, "max_bytes": 2**21, "next_by_subj": subjects}
        async for message in read(client, stream, **request):
            yield message
            start = message.sequence + 1


async def _next(subscription: Subscription, seconds: float) -> Msg:
    try:
        async with asyncio.timeout(seconds):
            message: Msg = await anext(aiter(subscription.messages))
            return message
    except (nats.errors.Error, TimeoutError) as error:
        raise StoreBusy(f"NATS does not answer: {type(error).__name__}") from None


async def last(client: Client, stream: str, subject: str) -> StoredMessage | None:
    """The last message of a subject, from the leader: it is never stale."""
    return await _from_leader(client, stream, last_by_subj=subject)


async def get(client: Client, stream: str, sequence: int) -> StoredMessage | None:
    """The message of a sequence, from the leader; None if there is none."""
    return await _from_leader(client, stream, seq=sequence)


async def following(client: Client, stream: str, sequence: int, subjects: str) -> StoredMessage | None:
    """The first message of these subjects from a sequence on, from the leader; None if there is none."""
    return await _from_leader(client, stream, seq=sequence, next_by_subj=subjects)


async def _from_leader(client: Client, stream: str, /, **request: Any) -> StoredMessage | None:
    try:
        found = await ask(client, f"STREAM.MSG.GET.{stream}", **request)
    except ApiError as error:
        if error.code in NOT_FOUND:
            return None
        raise
    return _from_json(found["message"])


async def server_time(client: Client, stream: str) -> float:
    """The time in epoch seconds, by the clock of the server that leads a stream."""
    return _seconds((await ask(client, f"STREAM.INFO.{stream}"))["ts"])


async def subjects_of(client: Client, stream: str) -> dict[str, int]:
    """How many messages each subject of a stream has."""
    found: dict[str, int] = {}
    total = 1
    while len(found) < total:
        request = {"subjects_filter": f"{stream}.>", "offset": len(found)}
        info = await ask(client, f"STREAM.INFO.{stream}", **request)
        part = info["state"].get("subjects") or {}
        found |= part
        total = info.get("total", 0) if part else 0
    return found


async def delete(client: Client, stream: str, sequence: int) -> bool:
    """Delete a message, and return whether there was one."""
    try:
        await ask(client, f"STREAM.MSG.DELETE.{stream}", seq=sequence, no_erase=True)
    except ApiError as error:
        if error.code in {*NOT_FOUND, _DELETED}:
            return False
        raise
    return True


def _from_json(message: dict[str, Any]) -> StoredMessage:
    data = base64.b64decode(message.get("data", ""))
    return StoredMessage(message["seq"], message["subject"], _seconds(message["time"]), data)


def _stored(message: Msg) -> StoredMessage:
    headers = message.headers or {}
    return StoredMessage(
        int(headers["Nats-Sequence"]),
        headers["Nats-Subject"],
        _seconds(headers["Nats-Time-Stamp"]),
        message.data,
    )


def _seconds(text: str) -> float:
    """Epoch seconds of a time in RFC 3339, which may have nanoseconds."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")
