"""Accepting: a sender's request in; what it came to is kept, and then the sender is told."""

from __future__ import annotations

from collections.abc import Callable

from ..core.codec import encode
from ..core.host import Host
from ..core.outcome import Rejection, Reply
from ..core.request import Request
from . import answer, calls
from .feed import Feed
from .gateway_metrics import GatewayMetrics
from .settings import Source
from .stamp import Stamp
from .store import Letter, Store
from .texts import EMPTY, Refusal


class Acceptor:
    """Decodes, validates and maps what a sender posts, and keeps it before the sender is told."""

    def __init__(
        self, host: Host, store: Store, feed: Feed, metrics: GatewayMetrics, wake: Callable[[], None]
    ) -> None:
        """`wake` is called when there is something new to deliver."""
        self._host = host
        self._wake = wake
        self._store = store
        self._feed = feed
        self._metrics = metrics

    async def accept(self, source: Source, request: Request, stamp: Stamp) -> Refusal | Reply | None:
        """Keep what a request came to: good events to be delivered, rejected records as dead letters.

        Returns:
            Why nothing of it was taken, the answer it is owed, or None where it is `ok`.

        Raises:
            StoreFull, StoreBusy, StoreUnusable: nothing of it was kept.
        """
        if not request.body.strip() and not self.reads_query(source, request):
            return EMPTY
        outcome = self._host.receive(source.type, request, source.settings)
        entries = [stamp.entry(source.name, event) for event in outcome.events]
        letters = [dead_letter(source.name, rejection) for rejection in outcome.rejections]
        duplicates = 0
        if entries or letters:
            receipt = await self._store.append(entries, letters, calls.kept(request))
            duplicates = receipt.duplicates
            self._wake()
        self._metrics.accepted(source.name, outcome, duplicates)
        self._feed.add(source, request, outcome)
        if outcome.reply is None and letters and not (entries or outcome.dropped):
            return Refusal(400, answer.explained(outcome.rejections))
        return outcome.reply

    def reads_query(self, source: Source, request: Request) -> bool:
        """Whether the query of a request without a body is its record."""
        return bool(request.query) and "query" in self._host.sources[source.type].intake.formats


def dead_letter(source: str, rejection: Rejection) -> Letter:
    """A rejection of a configured source's as it is kept: the record whole."""
    raw = isinstance(rejection.record, bytes)
    return Letter(
        source,
        rejection.rule,
        rejection.reason,
        rejection.pointer,
        rejection.line,
        rejection.record if raw else encode(rejection.record),
        decodable=not raw,
    )
