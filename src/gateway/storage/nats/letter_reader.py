"""Lists dead letters, from the oldest or from the newest."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from nats.aio.client import Client

from ..records import DeadLetter, DeadLetterSummary
from .api import StoredMessage, ask, get, read_all
from .chunk import token
from .kept_letter import whole

_WINDOW = 500
"""Messages that a list from the newest reads at once: JetStream reads forwards only."""


@dataclass(frozen=True, slots=True)
class LetterReader:
    """The dead letters of a cluster, to be read."""

    _client: Client
    _stream: str

    async def whole(self, id_: int) -> DeadLetter | None:
        """A whole dead letter; None if there is none with this id."""
        message = await get(self._client, self._stream, id_) if id_ > 0 else None
        return None if message is None else whole(message)

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
        found: list[DeadLetterSummary] = []
        async for message in self.messages(source, rule, after, newest=newest):
            summary = whole(message).summary
            if (before is None or summary.at < before) and (since is None or summary.at > since):
                found.append(summary)
            if len(found) >= limit:
                break
        return found

    async def messages(
        self, source: str | None = None, rule: str | None = None, after: int = 0, *, newest: bool = False
    ) -> AsyncGenerator[StoredMessage, None]:
        """The messages of dead letters, in the order of their ids."""
        of_source = "*" if source is None else token(source)
        of_rule = "*" if rule is None else token(rule)
        subjects = f"{self._stream}.{of_source}.{of_rule}.>"
        state = (await ask(self._client, f"STREAM.INFO.{self._stream}"))["state"]
        first, end = state["first_seq"], state["last_seq"] + 1
        if not newest:
            async for message in self._between(subjects, max(after + 1, first), end):
                yield message
            return
        end = min(after, end) if after else end
        while end > first:
            start = max(end - _WINDOW, first)
            part = [message async for message in self._between(subjects, start, end)]
            for message in reversed(part):
                yield message
            end = start

    async def _between(self, subjects: str, start: int, end: int) -> AsyncGenerator[StoredMessage, None]:
        async for message in read_all(self._client, self._stream, subjects, start):
            if message.sequence >= end:
                return
            yield message
