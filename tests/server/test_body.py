from __future__ import annotations

import asyncio
import gzip
import threading
from typing import Any

import pytest
from starlette.types import Message

from springhead.http.content_encoding import take
from springhead.server.body import LARGE, read_body, takes_long
from springhead.server.deadline import Deadline
from springhead.server.memory import MemoryBudget

LIMIT = 200_000_000


def read(body: bytes) -> bytes:
    """What a gzipped body is inside."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    headers = [(b"content-encoding", b"gzip")]
    claim = MemoryBudget(2 * LIMIT).claim()
    return asyncio.run(read_body({"type": "http", "headers": headers}, receive, LIMIT, Deadline(10), claim))


def test_what_becomes_long_is_inflated_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that others are served meanwhile; what is short is not worth it."""
    threads: list[threading.Thread] = []

    def noted(*arguments: Any) -> list[bytes]:
        threads.append(threading.current_thread())
        return take(*arguments)

    monkeypatch.setattr("springhead.server.body.take", noted)

    assert read(gzip.compress(b"[]")) == b"[]"
    assert len(read(gzip.compress(b" " * 20_000_000))) == 20_000_000

    assert [thread is threading.main_thread() for thread in threads] == [True, True, False]


@pytest.mark.parametrize(
    ("body", "long"),
    [
        (b"", False),
        (b"{}", False),
        (b"{}," * 999, False),
        (b"{}," * 1_000, True),
        (b"[]," * 1_000, True),
        (b"ab\n" * 1_000, True),
        (b"[{\n" * 334 + b" " * 3_000, True),
        (b"a," * 900, False),
        (b"a," * 1_100, True),
        (b'"a":1,' * 2_000, False),
        (b"a" * (LARGE - 1), False),
        (b"a" * LARGE, True),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_large_bodies_and_many_records_take_long(body: bytes, long: bool) -> None:
    """A record begins with a bracket, on a line of its own, or is a bare value in a list."""
    assert takes_long(body) == long
