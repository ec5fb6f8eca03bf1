"""Chooses the dead letters that are too old, or that take too much room."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

from .api import StoredMessage
from .kept_letter import source_and_size
from .letter_reader import LetterReader

MOST = 500
"""The most dead letters that are chosen at once."""


async def too_old(letters: LetterReader, before: float) -> list[tuple[int, str]]:
    """The ids of dead letters that came last before this time, each with its source; some of them, if many."""
    found = await letters.summaries(
        source=None, rule=None, before=before, since=None, after=0, newest=False, limit=MOST
    )
    return [(letter.id, letter.source) for letter in found]


async def too_much(letters: LetterReader, sizes: Counter[str], excess: int) -> list[tuple[int, str]]:
    """The ids of dead letters that take the excess, each with its source; some of them, if many.

    Room is made at the cost of the source that takes most of it.

    Args:
        letters: the letters.
        sizes: bytes of the letters of each source; changed to what remains.
        excess: bytes to be taken away.
    """
    chosen: list[tuple[int, str]] = []
    oldest: dict[str, AsyncGenerator[StoredMessage, None]] = {}
    async with AsyncExitStack() as stack:
        while excess > 0 and len(chosen) < MOST:
            ((source, _),) = sizes.most_common(1)
            if source not in oldest:
                oldest[source] = await stack.enter_async_context(aclosing(letters.messages(source)))
            message = await anext(oldest[source], None)
            if message is None:
                break
            _, size = source_and_size(message.subject)
            sizes[source] -= size
            excess -= size
            chosen.append((message.sequence, source))
    return chosen
