"""Lists, replays, drops and expires the dead letters of a cluster."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ..records import DeadLetterSummary, Removal
from . import retention
from .accepted import digest_of_replay
from .counts import StoreCounter
from .letter_reader import LetterReader
from .letters import Letters
from .options import NatsOptions
from .retention import too_much, too_old
from .seen_stream import SeenStream


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The dead letters, with what becomes of the events that some of them were.

    Attributes:
        letters: adds them and takes them away.
        reader: reads them.
    """

    letters: Letters
    reader: LetterReader
    _counter: StoreCounter
    _seen_stream: SeenStream
    _options: NatsOptions
    _replaying: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def replaying(self, counts: Mapping[int, int]) -> AsyncIterator[Mapping[bytes, bytes]]:
        """Take letters away, so often each, once what they are replayed as is kept: at the end of the block.

        It is given the digests of the events that are replayed, by those that they had.

        Raises:
            LetterGone: a letter is not there as often.
        """
        if not counts:
            yield {}
            return
        async with self._replaying:  # another gateway's replay of a letter has the same digests
            taken = [await self.letters.take(id_, count) for id_, count in counts.items()]
            yield {
                letter.original: digest_of_replay(letter.original, id_)
                for id_, (_, letter) in zip(counts, taken, strict=True)
                if letter.original
            }
            for (subject, _), count in zip(taken, counts.values(), strict=True):
                await self.letters.remove(subject, count)

    async def find(  # noqa: PLR0913 - filters, each optional
        self,
        *,
        source: str | None,
        rule: str | None,
        older_than: float | None,
        younger_than: float | None,
        after: int,
        newest: bool,
        limit: int,
    ) -> list[DeadLetterSummary]:
        """Dead letters, as `Store.dead_letters` has them."""
        now = time.time()
        return await self.reader.summaries(
            source=source,
            rule=rule,
            before=None if older_than is None else now - older_than,
            since=None if younger_than is None else now - younger_than,
            after=after,
            newest=newest,
            limit=limit,
        )

    async def drop(self, ids: Sequence[int]) -> int:
        """Drop letters, and return how many there were. An event among them can be accepted again."""
        dropped, accepted = await self.letters.drop(ids)
        if accepted:
            await self._seen_stream.forget(accepted)
        return dropped

    async def sweep(self, now: float) -> list[Removal]:
        """Drop letters beyond their age and size."""
        removed: Counter[tuple[str, str]] = Counter()
        while True:
            old = await too_old(self.reader, now - self._options.dead_letter_age)
            await self.drop([id_ for id_, _ in old])
            sizes = await self._counter.letter_bytes()
            large = await too_much(self.reader, sizes, sizes.total() - self._options.dead_letter_bytes)
            await self.drop([id_ for id_, _ in large])
            removed.update([(source, "age") for _, source in old] + [(source, "size") for _, source in large])
            if max(len(old), len(large)) < retention.MOST:  # what comes meanwhile waits for the next sweep
                break
        return [Removal(source, "dead_letter", reason, count) for (source, reason), count in removed.items()]
