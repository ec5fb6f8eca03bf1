"""Takes a call from its body to its answer, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from starlette.types import Receive, Scope

from ...core.host import Host
from ...core.outcome import Outcome
from ...http.answers import Answer, answer
from ...http.body_error import BodyError, EncodingError
from ...server import log
from ...server.body import read_body, takes_long
from ...server.deadline import Deadline
from ...server.memory import Claim, MemoryBudget
from ..delivery import Delivery
from ..metrics import GatewayMetrics
from ..recent import RecentRequests
from ..settings import Settings, SourceSettings
from ..storage.records import NewDeadLetter
from ..storage.store import Store
from .call import WebhookCall
from .forms import form_to_json, is_form
from .responses import EMPTY, IGNORED, NOT_STARTED
from .source_receiver import Received, SourceReceiver


class Acceptor:
    """Accepts the calls of authenticated senders, and stores their events before it answers."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a gateway
        self,
        host: Host,
        settings: Settings,
        store: Store,
        recent: RecentRequests,
        metrics: GatewayMetrics,
        delivery: Delivery,
    ) -> None:
        self._host = host
        self._keep_calls = settings.store.keep_requests
        self._bodies = MemoryBudget(settings.limits.memory // 2)
        self._mapping = MemoryBudget(settings.limits.memory // 2)
        self.use_sources(settings.source)
        self._body_limit = settings.limits.body
        self._deadline = Deadline(settings.limits.read_timeout)
        self._store = store
        self._recent = recent
        self._metrics = metrics
        self._delivery = delivery
        metrics.measure_bodies(lambda: self._bodies.used)
        self._log = log.RateLimitedLogger(structlog.get_logger())

    def use_sources(self, sources: Iterable[SourceSettings]) -> None:
        """Accept calls to these sources from now on; a call in flight finishes with what it began with."""
        self._sources = {
            source.name: SourceReceiver(self._host, source, keep_calls=self._keep_calls) for source in sources
        }
        for budget in (self._bodies, self._mapping):
            budget.share(2 if len(self._sources) > 1 else 1)

    async def accept(self, name: str, scope: Scope, receive: Receive) -> Answer:
        """Accept a call to the source of this name: good records become events, rejected ones dead letters.

        Raises:
            StoreFull, StoreBusy, StoreUnusable, VerificationFailed: nothing of the call was stored.
        """
        if not self._delivery.is_started:
            return NOT_STARTED
        with self._bodies.claim(name) as claim:
            try:
                return await self._accept(self._sources[name], scope, receive, claim)
            except BodyError as error:
                return answer(error)

    async def _accept(self, source: SourceReceiver, scope: Scope, receive: Receive, claim: Claim) -> Answer:
        try:
            body = await read_body(scope, receive, self._body_limit, self._deadline, claim)
        except EncodingError as error:
            call = WebhookCall(scope, error.body)
            if source.ignores(call):
                return IGNORED
            if source.verifies:  # what was signed is not known
                return self._refuse(source.name, error.message)
            received = source.reject_encoding(call, error.message)
            return await self._keep(source.name, received)
        call = WebhookCall(scope, body)
        if source.ignores(call):
            return IGNORED
        if not takes_long(body):
            return await self._keep(source.name, self._map(source, call))
        with self._mapping.claim(source.name) as working:
            await working.take_to_map(body)
            result = await asyncio.to_thread(self._map, source, call)
            working.resize(0 if isinstance(result, Answer) else result.size)  # until they are stored
            return await self._keep(source.name, result)

    def _map(self, source: SourceReceiver, call: WebhookCall) -> Received | Answer:
        """The result of a call, whatever its format; an error if it is refused, or there is nothing to map."""
        reason = source.verify(call)
        if reason is not None:
            return self._refuse(source.name, reason)
        body: bytes | Answer = call.body
        if is_form(call.body, call.content_type):
            body = form_to_json(call.body, call.content_type, call.query_string, self._body_limit)
        if isinstance(body, Answer):
            return body
        if not body.strip() and not source.reads_query_of(call):
            if not source.body_is_item:
                return EMPTY
            body = b"{}"  # so an empty body reaches RudderStack's transformer
        return source.map(call, body)

    def _refuse(self, source: str, reason: str) -> Answer:
        self._metrics.refused(source)
        return answer(Outcome(refused=reason))

    async def _keep(self, source: str, received: Received | Answer) -> Answer:
        """Store the result of a call, unless there is none, and return the answer."""
        if isinstance(received, Answer):
            return received
        duplicates: tuple[int, ...] = ()
        if received.letters:
            self._warn(source, received.letters)
        if received.events or received.letters:
            receipt = await self._store.append(received.events, received.letters, received.call)
            duplicates = receipt.duplicates
        self._metrics.accepted(source, received.counts, len(duplicates))
        self._recent.add(received.recent, duplicates)
        return received.answer

    def _warn(self, source: str, letters: list[NewDeadLetter]) -> None:
        first = letters[0]
        about = {"count": len(letters), "pointer": first.pointer, "reason": first.reason}
        self._log.warning((source, first.rule), "records rejected", source=source, rule=first.rule, **about)
