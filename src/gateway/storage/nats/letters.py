"""Keeps dead letters, one a message; those that are alike are one, with a count."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from nats.aio.client import Client

from ..records import DeadLetter, DeadLetterSummary, LetterGone, NewDeadLetter, StoredCall
from .api import NOT_FOUND, ApiError, StoredMessage, ask, get, last, read
from .chunk import token
from .publisher import STALE, Publisher
from .seen import Accepted

_WINDOW = 500
"""Messages that a list from the newest reads at once: JetStream reads forwards only."""


class KeptLetter(msgspec.Struct, frozen=True):
    """What the message of a dead letter holds.

    Attributes:
        letter: the letter.
        first_at: when it came first, in epoch seconds.
        call: the call it first came in, if that is kept.
        accepted: the accepted event that it was.
        original: the digest of that event, without that of the replay that it may have been.
        occurrence: told apart from the letter's other versions by this.
        at: when it came last, if that was before it was kept here.
    """

    letter: NewDeadLetter
    first_at: float
    call: StoredCall | None = None
    accepted: Accepted | None = None
    original: bytes = b""
    occurrence: str = ""
    at: float | None = None


_decode = msgspec.msgpack.Decoder(KeptLetter).decode


@dataclass(slots=True)
class Letters:
    """The dead letters of a cluster."""

    _client: Client
    _publisher: Publisher
    _stream: str
    _max_bytes: int

    async def add(self, letters: Sequence[NewDeadLetter], call: StoredCall | None) -> tuple[int, ...]:
        """Keep dead letters with the call they came in, and return their ids."""
        merged: dict[str, NewDeadLetter] = {}
        for letter in letters:
            key = uuid.uuid4().hex if letter.event else _fingerprint(letter)
            alike = merged.get(key)
            merged[key] = letter if alike is None else replace(alike, count=alike.count + letter.count)
        now = time.time()
        return tuple([await self._add(key, letter, call, now) for key, letter in merged.items()])

    async def add_dead_event(
        self, letter: NewDeadLetter, call: StoredCall | None, accepted: Accepted, original: bytes
    ) -> None:
        """Keep an accepted event as a dead letter: once, however often this is called."""
        kept = KeptLetter(letter, time.time(), call, accepted, original)
        id_ = f"dead-{accepted.number}"
        await self._publisher.publish(self._subject(letter, id_), self._encode(kept), id_)

    async def adopt(self, letter: DeadLetter, key: bytes) -> None:
        """Keep a dead letter of another store: once for each key."""
        new = NewDeadLetter(*(getattr(letter, name) for name in NewDeadLetter.__struct_fields__))
        kept = KeptLetter(new, letter.first_at, letter.call, occurrence=key.hex(), at=letter.at)
        try:
            await self._put(self._subject(letter, key.hex()), kept, expected=0)
        except ApiError as error:
            if error.code != STALE:
                raise

    async def _add(self, key: str, letter: NewDeadLetter, call: StoredCall | None, now: float) -> int:
        """Keep a letter, or count it where one like it is kept."""
        subject = self._subject(letter, key)
        while True:
            found = None if letter.event else await last(self._client, self._stream, subject)
            kept = KeptLetter(letter, now, call, occurrence=uuid.uuid4().hex)
            if found:
                before = _decode(found.data)
                counted = replace(before.letter, count=before.letter.count + letter.count)
                kept = replace(before, letter=counted, occurrence=kept.occurrence, at=None)
            try:
                return await self._put(subject, kept, found.sequence if found else 0)
            except ApiError as error:
                if error.code != STALE:
                    raise

    async def take(self, id_: int, count: int) -> tuple[str, KeptLetter]:
        """Look up a dead letter that is replayed so many times: its subject, and what is kept there.

        Raises:
            LetterGone: it is not there as often.
        """
        message = await get(self._client, self._stream, id_)
        kept = _decode(message.data) if message else None
        if message is None or kept is None or kept.letter.count < count:
            raise LetterGone(id_)
        return message.subject, kept

    async def remove(self, subject: str, count: int) -> None:
        """Take so many occurrences of a letter away, also if it came again meanwhile."""
        while message := await last(self._client, self._stream, subject):
            kept = _decode(message.data)
            left = kept.letter.count - count
            if left <= 0:
                if await self._delete(message.sequence):
                    return
                continue
            fewer = replace(kept, letter=replace(kept.letter, count=left), occurrence=uuid.uuid4().hex)
            try:
                await self._put(subject, fewer, message.sequence)
            except ApiError as error:
                if error.code != STALE:
                    raise
            else:
                return

    async def drop(self, ids: Sequence[int]) -> tuple[int, list[Accepted]]:
        """Delete dead letters: how many there were, and the accepted events that they were."""
        dropped, accepted = 0, []
        for id_ in dict.fromkeys(ids):
            message = await get(self._client, self._stream, id_)
            if message is None or not await self._delete(id_):
                continue
            dropped += 1
            kept = _decode(message.data)
            if kept.accepted is not None:
                accepted += [kept.accepted, kept.accepted._replace(digest=kept.original)]
        return dropped, accepted

    async def whole(self, id_: int) -> DeadLetter | None:
        """A whole dead letter; None if there is none with this id."""
        message = await get(self._client, self._stream, id_) if id_ > 0 else None
        return None if message is None else _whole(message)

    async def summaries(  # noqa: PLR0913 - filters, each optional
        self,
        *,
        source: str | None,
        rule: str | None,
        before: float | None,
        since: float | None,
        after: int,
        newest: bool,
        limit: int,
    ) -> list[DeadLetterSummary]:
        """Dead letters in the order of their ids; `before` and `since` are times at which they came last."""
        of_source = "*" if source is None else token(source)
        of_rule = "*" if rule is None else token(rule)
        subjects = f"{self._stream}.{of_source}.{of_rule}.>"
        found: list[DeadLetterSummary] = []
        async for message in self._messages(subjects, after, newest):
            summary = _whole(message).summary
            if (before is None or summary.at < before) and (since is None or summary.at > since):
                found.append(summary)
            if len(found) >= limit:
                break
        return found

    async def _messages(self, subjects: str, after: int, newest: bool) -> AsyncIterator[StoredMessage]:
        state = (await ask(self._client, f"STREAM.INFO.{self._stream}"))["state"]
        first, end = state["first_seq"], state["last_seq"] + 1
        if newest:
            end = min(after, end) if after else end
            while end > first:
                start = max(end - _WINDOW, first)
                part = [message async for message in self._between(subjects, start, end)]
                for message in reversed(part):
                    yield message
                end = start
        else:
            async for message in self._between(subjects, max(after + 1, first), end):
                yield message

    async def _between(self, subjects: str, start: int, end: int) -> AsyncIterator[StoredMessage]:
        while start < end:
            before = start
            request = {"seq": start, "batch": _WINDOW, "max_bytes": 2**22, "next_by_subj": subjects}
            async for message in read(self._client, self._stream, **request):
                if message.sequence >= end:
                    return
                start = message.sequence + 1
                yield message
            if start == before:
                return

    async def _put(self, subject: str, kept: KeptLetter, expected: int) -> int:
        data = self._encode(kept)
        return await self._publisher.publish(subject, data, kept.occurrence, expected=expected)

    def _encode(self, kept: KeptLetter) -> bytes:
        """A letter as a message; of a call that makes it too long, the body is left out."""
        data = msgspec.msgpack.encode(kept)
        if len(data) > self._max_bytes and kept.call:
            data = msgspec.msgpack.encode(replace(kept, call=replace(kept.call, body=b"")))
        return data

    async def _delete(self, id_: int) -> bool:
        try:
            await ask(self._client, f"STREAM.MSG.DELETE.{self._stream}", seq=id_, no_erase=True)
        except ApiError as error:
            if error.code in {*NOT_FOUND, 10057}:
                return False
            raise
        return True

    def _subject(self, letter: NewDeadLetter, key: str) -> str:
        return f"{self._stream}.{token(letter.source)}.{token(letter.rule)}.{key}"


def _whole(message: StoredMessage) -> DeadLetter:
    kept = _decode(message.data)
    values = {name: getattr(kept.letter, name) for name in NewDeadLetter.__struct_fields__}
    at = message.at if kept.at is None else kept.at
    first_at = min(kept.first_at, at)
    return DeadLetter(**values, id=message.sequence, at=at, first_at=first_at, call=kept.call)


def _fingerprint(letter: NewDeadLetter) -> str:
    """By which rejections that are alike are recognised."""
    alike = letter.source, letter.rule, letter.decodable, letter.request_values, letter.record
    return hashlib.blake2b(msgspec.msgpack.encode(alike), digest_size=16).hexdigest()
