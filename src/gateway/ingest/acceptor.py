"""Takes a call from its body to its answer, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

import structlog
from starlette.types import Receive, Scope

from ...core.host import Host
from ...server import log
from ...server.body import LARGE, LARGE_AT_ONCE, BodyError, EncodingError, read_body
from ...server.deadline import Deadline
from ..delivery import Delivery
from ..metrics import GatewayMetrics
from ..recent import RecentRequests
from ..settings import Settings
from ..storage.records import NewDeadLetter, Store
from .call import WebhookCall
from .forms import form_to_json, is_form
from .responses import EMPTY, IGNORED, NOT_AUTHENTIC, NOT_STARTED, TOO_LONG, Answer, ErrorAnswer
from .source_receiver import Received, SourceReceiver

Result = TypeVar("Result")


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
        keep_calls = settings.store.keep_requests
        self._sources = {one.name: SourceReceiver(host, one, keep_calls=keep_calls) for one in settings.source}
        self._body_limit = settings.limits.body
        self._deadline = Deadline(settings.limits.read_timeout)
        self._store = store
        self._recent = recent
        self._metrics = metrics
        self._delivery = delivery
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._log = log.RateLimitedLogger(structlog.get_logger())

    async def accept(self, name: str, scope: Scope, receive: Receive) -> Answer:
        """Accept a call to the source of this name: good records become events, rejected ones dead letters.

        Raises:
            StoreFull, StoreBusy, StoreUnusable, VerificationFailed: nothing of the call was stored.
        """
        if not self._delivery.is_started:
            return NOT_STARTED
        source = self._sources[name]
        try:
            call = WebhookCall(scope, await read_body(scope, receive, self._body_limit, self._deadline))
        except EncodingError as error:
            rejected = source.reject_encoding(WebhookCall(scope, error.body), error.message)
            await self._keep(name, rejected)
            return rejected.answer
        except BodyError as error:
            return _body_answer(error)
        if scope["method"] == "GET" and not source.reads_query_of(call):
            return IGNORED
        is_large = len(call.body) >= LARGE
        run = asyncio.to_thread if is_large else _run_here
        # Held until the events are stored, because those of a large call take many times its bytes.
        async with self._large if is_large else nullcontext():
            reason = await run(source.verify, call)
            if reason is not None:
                self._metrics.refused(name)
                return replace(NOT_AUTHENTIC, reason=reason)
            body = await self._decode_form(source, call)
            if isinstance(body, ErrorAnswer):
                return body
            received = await run(source.map, call, body)
            await self._keep(name, received)
        return received.answer

    async def _decode_form(self, source: SourceReceiver, call: WebhookCall) -> bytes | ErrorAnswer:
        """The JSON of a form, or the body as posted; an error if there is nothing to map."""
        body: bytes | ErrorAnswer = call.body
        if is_form(call.body, call.content_type):
            body = await form_to_json(call.body, call.content_type, call.query_string, self._body_limit)
        is_empty = not isinstance(body, ErrorAnswer) and not body.strip() and not source.reads_query_of(call)
        return EMPTY if is_empty else body

    async def _keep(self, source: str, received: Received) -> None:
        duplicates = 0
        if received.letters:
            self._warn(source, received.letters)
        if received.events or received.letters:
            receipt = await self._store.append(received.events, received.letters, received.call)
            duplicates = receipt.duplicates
            self._delivery.wake(source)
        self._metrics.accepted(source, received.counts, duplicates)
        self._recent.add(received.recent)

    def _warn(self, source: str, letters: list[NewDeadLetter]) -> None:
        first = letters[0]
        about = {"count": len(letters), "pointer": first.pointer, "reason": first.reason}
        self._log.warning((source, first.rule), "records rejected", source=source, rule=first.rule, **about)


async def _run_here(work: Callable[..., Result], *arguments: object) -> Result:
    """Like asyncio.to_thread, but in this thread: for work that takes less time than a change of threads."""
    return work(*arguments)


def _body_answer(error: BodyError) -> ErrorAnswer:
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TOO_LONG
    return ErrorAnswer(error.status, error.message)
