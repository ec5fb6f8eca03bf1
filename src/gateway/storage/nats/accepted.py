"""Identifies accepted events by digests, by which duplicates are recognised."""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Accepted(NamedTuple):
    """An event that was accepted: its digest, its number in the store, and when, in epoch seconds."""

    digest: bytes
    number: int
    at: float


def digest(source: str, message_id: str) -> bytes:
    """The 16 bytes by which a duplicate is recognised."""
    return hashlib.blake2b(f"{source}\0{message_id}".encode(), digest_size=16).digest()


def digest_of_replay(original: bytes, letter: int) -> bytes:
    """The digest of an event whose dead letter is replayed, so that it is not a duplicate of itself."""
    return hashlib.blake2b(b"%b%d" % (original, letter), digest_size=16).digest()
