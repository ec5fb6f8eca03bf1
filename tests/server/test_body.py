from __future__ import annotations

import asyncio
import gzip
import os
import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Message

from springhead.server import body as module
from springhead.server.body import LARGE, BodyError, read_body, takes_long
from springhead.server.deadline import Deadline
from springhead.server.memory import MemoryBudget

LIMIT = 200_000_000


def read(body: bytes, encoding: bytes = b"gzip", limit: int = LIMIT) -> bytes:
    """What a body is inside."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    headers = [(b"content-encoding", encoding)]
    claim = MemoryBudget(2 * LIMIT).claim()
    return asyncio.run(read_body({"type": "http", "headers": headers}, receive, limit, Deadline(10), claim))


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 16_385, 300_000])
@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        (b"gzip", gzip.compress),
        (b"gzip", lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]) + gzip.compress(b"")),
        (b"deflate", zlib.compress),
        (b"deflate", lambda data: zlib.compress(data)[2:-4]),
    ],
)
def test_a_body_is_inflated_whole(encoding: bytes, encoded: Callable[[bytes], bytes], size: int) -> None:
    """However long it is, and wherever a member ends."""
    data = os.urandom(size)

    assert read(encoded(data), encoding) == data


@pytest.mark.parametrize("cut", [1, 8, 20_000, 100_000])
def test_a_body_that_is_cut_off_is_told(cut: int) -> None:
    """In its last member or before."""
    encoded = gzip.compress(b"a") + gzip.compress(os.urandom(100_000))

    with pytest.raises(BodyError, match="the encoded body is cut off"):
        read(encoded[:-cut])


def test_a_limit_is_of_all_members_together() -> None:
    """To the byte."""
    encoded = gzip.compress(b"a" * 600) + gzip.compress(b"b" * 400)

    assert len(read(encoded, limit=1_000)) == 1_000
    with pytest.raises(BodyError, match="longer than 999 bytes"):
        read(encoded, limit=999)


def test_the_work_of_many_members_grows_with_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the square: what is left of the body is not handed to zlib again after each member."""
    members, rest = 999, gzip.compress(os.urandom(2_000_000), 0)
    handed = 0
    new_inflater = zlib.decompressobj

    class Inflater:
        def __init__(self, wbits: int) -> None:
            self._inflater = new_inflater(wbits)

        def decompress(self, data: bytes, max_length: int) -> bytes:
            nonlocal handed
            handed += len(data)
            return self._inflater.decompress(data, max_length)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inflater, name)

    monkeypatch.setattr(zlib, "decompressobj", Inflater)
    body = gzip.compress(b"", mtime=0) * members + rest

    read(body)
    with pytest.raises(BodyError, match="more than 1,000 members"):
        read(gzip.compress(b"", mtime=0) + body)

    assert handed < 2 * (len(body) + members * 16_384)


def test_what_becomes_long_is_inflated_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that others are served meanwhile; what is short is not worth it."""
    threads: list[threading.Thread] = []
    take = module._take  # noqa: SLF001 - where it runs is not to be seen from outside

    def noted(*arguments: Any) -> list[bytes]:
        threads.append(threading.current_thread())
        return take(*arguments)

    monkeypatch.setattr(module, "_take", noted)

    read(gzip.compress(b"[]"))
    read(gzip.compress(b" " * 20_000_000))

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
        (b"a," * 999, False),
        (b"a," * 1_000, True),
        (b'"a":1,' * 2_000, False),
        (b"a" * (LARGE - 1), False),
        (b"a" * LARGE, True),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_large_bodies_and_many_records_take_long(body: bytes, long: bool) -> None:
    """A record begins with a bracket, on a line of its own, or is a bare value in a list."""
    assert takes_long(body) == long
