"""Accepting: a sender's call in; what it came to is kept, and then the sender is told."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from ...core.codec import encode
from ...core.host import Host
from ...core.outcome import Rejection, Reply
from ...core.request import Request
from ...server import log
from ...server.body import LARGE, LARGE_AT_ONCE
from ...server.counts import OutcomeCounts
from ...server.error_text import error_text
from ..delivery import Delivery
from ..metrics import GatewayMetrics
from ..recent import RecentRequest, RecentRequests
from ..settings import Settings, SourceSettings
from ..storage.records import NewDeadLetter, NewEvent, Store
from .call import WebhookCall
from .enrich import Stamp
from .responses import EMPTY, NOT_STARTED, ErrorAnswer


class _Made(msgspec.Struct, frozen=True):
    """What there is to do with a call: the events themselves are gone while it waits for the disk."""

    entries: list[NewEvent]
    letters: list[NewDeadLetter]
    count: OutcomeCounts
    arrival: RecentRequest
    said: ErrorAnswer | Reply | None


class Acceptor:
    """Decodes, validates and maps what a sender posts, and keeps it before the sender is told."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a gateway
        self,
        host: Host,
        settings: Settings,
        store: Store,
        feed: RecentRequests,
        metrics: GatewayMetrics,
        delivery: Delivery,
    ) -> None:
        self._receivers = {one.name: host.receiver(one.type, one.settings) for one in settings.source}
        self._store = store
        self._feed = feed
        self._metrics = metrics
        self._delivery = delivery
        self._seldom = log.RateLimitedLogger(structlog.get_logger("springhead.gateway"))
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._keeps_all = settings.store.keep_requests
        types = {source.type for source in settings.source}
        self._around = {type_ for type_ in types if host.reads_request(type_)}
        self._query = {type_ for type_ in types if "query" in host.sources[type_].framing.formats}

    async def accept(
        self, source: SourceSettings, sent: WebhookCall, stamp: Stamp
    ) -> ErrorAnswer | Reply | None:
        """Keep what a call came to: good events to be delivered, rejected records as dead letters.

        Returns:
            Why nothing of it was taken, the answer it is owed, or None where it is `ok`.

        Raises:
            StoreFull, StoreBusy, StoreUnusable: nothing of it was kept.
        """
        if not self._delivery.is_started:
            return NOT_STARTED
        if not sent.body.strip() and not self.reads_query(source, sent):
            return EMPTY
        request = sent.whole() if source.type in self._around else sent.bare()
        if len(sent.body) < LARGE:
            return await self._kept(source, sent, self._made(source, request, stamp))
        async with self._large:  # until it is kept: what there is of it takes memory until then
            made = await asyncio.to_thread(self._made, source, request, stamp)
            return await self._kept(source, sent, made)

    def reads_query(self, source: SourceSettings, sent: WebhookCall) -> bool:
        """Whether the query of a call without a body is its record."""
        return source.type in self._query and sent.has_query()

    async def _kept(self, source: SourceSettings, sent: WebhookCall, made: _Made) -> ErrorAnswer | Reply | None:
        duplicates = 0
        if made.letters:
            self._warn(source.name, made.letters)
        if made.entries or made.letters:
            call = sent.kept() if made.letters or self._keeps_all else None
            duplicates = (await self._store.append(made.entries, made.letters, call)).duplicates
            self._delivery.wake()
        self._metrics.accepted(source.name, made.count, duplicates)
        self._feed.add(made.arrival)
        return made.said

    def _warn(self, source: str, letters: list[NewDeadLetter]) -> None:
        first = letters[0]
        about = {"count": len(letters), "pointer": first.pointer, "why": first.reason}
        self._seldom.warning((source, first.rule), "records rejected", source=source, rule=first.rule, **about)

    def _made(self, source: SourceSettings, request: Request, stamp: Stamp) -> _Made:
        outcome = self._receivers[source.name](request)
        count = OutcomeCounts(1)
        count.add(outcome)
        said: ErrorAnswer | Reply | None = outcome.reply
        if said is None and outcome.rejections and not (outcome.events or outcome.dropped):
            said = ErrorAnswer(400, error_text(outcome.rejections))
        return _Made(
            [stamp.entry(source.name, event) for event in outcome.events],
            [dead_letter(source.name, rejection) for rejection in outcome.rejections],
            count,
            RecentRequest(source, request, outcome),
            said,
        )


def dead_letter(source: str, rejection: Rejection) -> NewDeadLetter:
    """A rejection of a configured source's as it is kept: the record whole."""
    raw = isinstance(rejection.record, bytes)
    return NewDeadLetter(
        source,
        rejection.rule,
        rejection.reason,
        rejection.pointer,
        rejection.line,
        rejection.record if raw else encode(rejection.record),
        decodable=not raw,
    )
