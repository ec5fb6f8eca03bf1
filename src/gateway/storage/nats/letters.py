"""Keeps dead letters, one a message; those that are alike are one, with a count."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from nats.aio.client import Client

from ..records import DeadLetter, LetterGone, NewDeadLetter, StoredCall
from .accepted import Accepted
from .api import ApiError, delete, get, last
from .kept_letter import KeptLetter, decode, encode, fingerprint, subject
from .publisher import STALE, Publisher


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
            key = uuid.uuid4().hex if letter.event else fingerprint(letter)
            alike = merged.get(key)
            merged[key] = letter if alike is None else replace(alike, count=alike.count + letter.count)
        now = time.time()
        return tuple([await self._add(key, letter, call, now) for key, letter in merged.items()])

    async def add_dead_event(
        self, letter: NewDeadLetter, call: StoredCall | None, accepted: Accepted, original: bytes
    ) -> None:
        """Keep an accepted event as a dead letter: once, however often this is called."""
        data = encode(KeptLetter(letter, time.time(), call, accepted, original), self._max_bytes)
        id_ = f"dead-{accepted.number}-{accepted.digest.hex()}"  # numbers begin anew with a new stream
        await self._publisher.publish(f"{self._stream}.{subject(letter, id_, len(data))}", data, id_)

    async def adopt(self, letter: DeadLetter, key: bytes) -> None:
        """Keep a dead letter of another store: once for each key."""
        new = NewDeadLetter(*(getattr(letter, name) for name in NewDeadLetter.__struct_fields__))
        kept = KeptLetter(new, letter.first_at, letter.call, occurrence=key.hex(), at=letter.at)
        size = len(encode(kept, self._max_bytes))
        try:
            await self._put(f"{self._stream}.{subject(new, key.hex(), size)}", kept, expected=0)
        except ApiError as error:
            if error.code != STALE:
                raise

    async def _add(self, key: str, letter: NewDeadLetter, call: StoredCall | None, now: float) -> int:
        """Keep a letter, or count it where one like it is kept."""
        alike = f"{self._stream}.{subject(letter, key, None)}"
        new = KeptLetter(letter, now, call, occurrence=uuid.uuid4().hex)
        data = encode(new, self._max_bytes)
        while True:
            found = None if letter.event else await last(self._client, self._stream, alike)
            try:
                if found is None:
                    new_subject = f"{self._stream}.{subject(letter, key, len(data))}"
                    return await self._publisher.publish(new_subject, data, new.occurrence, expected=0)
                before = decode(found.data)
                counted = before.counted(before.letter.count + letter.count)
                return await self._put(found.subject, counted, found.sequence)
            except ApiError as error:
                if error.code != STALE:
                    raise

    async def take(self, id_: int, count: int) -> tuple[str, KeptLetter]:
        """Look up a dead letter that is replayed so many times: its subject, and what is kept there.

        Raises:
            LetterGone: it is not there as often.
        """
        message = await get(self._client, self._stream, id_)
        kept = decode(message.data) if message else None
        if message is None or kept is None or kept.letter.count < count:
            raise LetterGone(id_)
        return message.subject, kept

    async def remove(self, subject_: str, count: int) -> None:
        """Take so many occurrences of a letter away, also if it came again meanwhile."""
        while message := await last(self._client, self._stream, subject_):
            kept = decode(message.data)
            left = kept.letter.count - count
            if left <= 0:
                if await delete(self._client, self._stream, message.sequence):
                    return
                continue
            try:
                await self._put(subject_, kept.counted(left), message.sequence)
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
            if message is None or not await delete(self._client, self._stream, id_):
                continue
            dropped += 1
            kept = decode(message.data)
            if kept.accepted is not None:
                accepted += [kept.accepted, kept.accepted._replace(digest=kept.original)]
        return dropped, accepted

    async def _put(self, subject_: str, kept: KeptLetter, expected: int) -> int:
        data = encode(kept, self._max_bytes)
        return await self._publisher.publish(subject_, data, kept.occurrence, expected=expected)
