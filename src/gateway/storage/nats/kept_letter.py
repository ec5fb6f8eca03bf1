"""Defines the message that holds a dead letter, and its subject."""

from __future__ import annotations

import hashlib
import uuid

import msgspec
from msgspec.structs import replace

from ..records import DeadLetter, NewDeadLetter, StoredCall
from .accepted import Accepted
from .api import StoredMessage
from .chunk import token

_OVERHEAD = 150
"""Bytes that a letter takes besides its data and its subject: the headers, and what JetStream adds."""


class KeptLetter(msgspec.Struct, frozen=True):
    """What the message of a dead letter holds.

    Attributes:
        letter: the letter.
        first_at: when it came first, in epoch seconds.
        call: the call it first came in, if that is kept.
        accepted: the accepted event that it was.
        original: the digest of that event, without that of the replay that it may have been.
        occurrence: told apart from the letter's other versions by this.
        at: when it came last, if that was in another store.
    """

    letter: NewDeadLetter
    first_at: float
    call: StoredCall | None = None
    accepted: Accepted | None = None
    original: bytes = b""
    occurrence: str = ""
    at: float | None = None

    def counted(self, count: int) -> KeptLetter:
        """The next version of the letter, which came so often."""
        return replace(self, letter=replace(self.letter, count=count), occurrence=uuid.uuid4().hex)


decode = msgspec.msgpack.Decoder(KeptLetter).decode


def encode(kept: KeptLetter, max_bytes: int) -> bytes:
    """A letter as a message: too long a one without its call's body, or without the call and the answer."""
    data = msgspec.msgpack.encode(kept)
    if len(data) > max_bytes and kept.call:
        data = msgspec.msgpack.encode(replace(kept, call=replace(kept.call, body=b"")))
    if len(data) > max_bytes:
        data = msgspec.msgpack.encode(replace(kept, call=None, letter=replace(kept.letter, answer="")))
    return data


def subject(letter: NewDeadLetter, key: str, size: int | None) -> str:
    """The subject of a letter below its stream's name.

    Args:
        letter: the letter.
        key: by which it is told apart from others of its source and rule.
        size: bytes of its first version, so that a list of subjects tells how much they take; None for any.
    """
    return f"{token(letter.source)}.{token(letter.rule)}.{'*' if size is None else size}.{key}"


def source_and_size(subject_: str) -> tuple[str, int]:
    """The token of the source that a subject tells, and about how many bytes its message takes."""
    _, source, _, size, _ = subject_.split(".")
    return source, int(size) + len(subject_) + _OVERHEAD


def fingerprint(letter: NewDeadLetter) -> str:
    """By which rejections that are alike are recognised."""
    alike = letter.source, letter.rule, letter.decodable, letter.request_values, letter.record
    return hashlib.blake2b(msgspec.msgpack.encode(alike), digest_size=16).hexdigest()


def whole(message: StoredMessage) -> DeadLetter:
    """The dead letter that a message holds."""
    kept = decode(message.data)
    values = {name: getattr(kept.letter, name) for name in NewDeadLetter.__struct_fields__}
    at = message.at if kept.at is None else kept.at
    first_at = min(kept.first_at, at)
    return DeadLetter(**values, id=message.sequence, at=at, first_at=first_at, call=kept.call)
