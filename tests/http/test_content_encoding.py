"""Bodies are inflated whole or refused, in memory and work that are bounded."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from springhead.http import BodyError, EncodingError, inflate

LIMIT = 200_000_000


@pytest.mark.parametrize("encoding", ["", "identity", " Identity ", "utf-8"])
def test_a_body_that_is_not_encoded_is_returned_as_it_is(encoding: str) -> None:
    """As long as it is within the limit."""
    assert inflate(b"[]", encoding, 2) == b"[]"
    with pytest.raises(BodyError, match="longer than 1 bytes") as caught:
        inflate(b"[]", encoding, 1)
    assert (caught.value.status, caught.value.error) == (413, "Request Entity Too Large")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\xe4"])
def test_another_encoding_is_not_supported(encoding: str) -> None:
    """The message says which are."""
    with pytest.raises(BodyError, match="send the body as it is, gzip or deflate") as caught:
        inflate(b"[]", encoding, 2)
    assert caught.value.status == 415


def test_a_body_that_is_not_encoded_as_its_header_says_is_told() -> None:
    """The error has the bytes that came in."""
    with pytest.raises(EncodingError, match="is not encoded as its header says") as caught:
        inflate(b"[]", "GZip", 2)
    assert (caught.value.status, caught.value.body) == (400, b"[]")


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 16_385, 300_000])
@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress),
        ("gzip", lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]) + gzip.compress(b"")),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
    ],
)
def test_a_body_is_inflated_whole(encoding: str, encoded: Callable[[bytes], bytes], size: int) -> None:
    """However long it is, and wherever a member ends."""
    data = os.urandom(size)

    assert inflate(encoded(data), encoding, len(data) + 1_000) == data


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 1_000_000])
def test_members_that_are_much_longer_than_they_were_sent_are_inflated(size: int) -> None:
    """Zlib takes such a member in many steps, and the next one begins in the same bytes."""
    assert inflate(gzip.compress(b"a" * size) * 3 + gzip.compress(b"b"), "gzip") == b"a" * 3 * size + b"b"


@pytest.mark.parametrize("cut", [1, 8, 20_000, 100_000])
def test_a_body_that_is_cut_off_is_told(cut: int) -> None:
    """In its last member or before."""
    encoded = gzip.compress(b"a") + gzip.compress(os.urandom(100_000))

    with pytest.raises(EncodingError, match="the encoded body is cut off"):
        inflate(encoded[:-cut], "gzip", LIMIT)


def test_a_limit_is_of_all_members_together() -> None:
    """To the byte."""
    encoded = gzip.compress(b"a" * 600) + gzip.compress(b"b" * 400)

    assert len(inflate(encoded, "gzip", 1_000)) == 1_000
    with pytest.raises(BodyError, match="longer than 999 bytes"):
        inflate(encoded, "gzip", 999)


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

    inflate(body, "gzip", LIMIT)
    with pytest.raises(BodyError, match="more than 1,000 members"):
        inflate(gzip.compress(b"", mtime=0) + body, "gzip", LIMIT)

    assert handed < 2 * (len(body) + members * 16_384)
