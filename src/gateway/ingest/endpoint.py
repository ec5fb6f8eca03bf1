"""`/v1/webhook`: what a sender posts, answered as RudderStack's own gateway answers."""

from __future__ import annotations

import time
from http import HTTPStatus

import structlog
from starlette.types import Receive, Scope, Send

from ...core.errors import SpringheadError
from ...core.outcome import Reply
from ...server import log
from ...server.body import BodyError, read_body
from ...server.deadline import Deadline
from ..metrics import GatewayMetrics
from ..settings import Settings, SourceSettings
from . import forms
from .acceptor import Acceptor
from .auth import Keys
from .call import WebhookCall
from .enrich import Stamp
from .responses import CLOSE, NO_ROOM, TOO_LONG, ErrorAnswer, say, say_ok, say_refused

BUSY = ErrorAnswer(503, "the gateway is busy: try again", retry_after=5)
FAILED = ErrorAnswer(500, "internal error")
NOTHING = Reply(b"", "")

_log = structlog.get_logger("springhead.gateway")


class Webhook:
    """The endpoint of all sources, as an ASGI app."""

    def __init__(self, settings: Settings, acceptor: Acceptor, metrics: GatewayMetrics) -> None:
        self._keys = Keys(settings.source)
        self._acceptor = acceptor
        self._limits = settings.limits
        self._watch = Deadline(settings.limits.read_timeout)
        self._metrics = metrics
        self._access_log = settings.gateway.access_log
        self._seldom = log.RateLimitedLogger(_log)
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["method"] not in ("GET", "POST"):
            await say(send, HTTPStatus.METHOD_NOT_ALLOWED, b"", [(b"allow", b"GET, POST"), CLOSE])
            return
        started = time.perf_counter()
        source = self._keys.source(scope)
        name = source.name if isinstance(source, SourceSettings) else ""
        self._under_way += 1
        try:
            said = source if isinstance(source, ErrorAnswer) else await self._taken(source, scope, receive)
        except SpringheadError as error:
            _log.error("nothing was kept", source=name, why=str(error))
            said = NO_ROOM
        except Exception as error:  # noqa: BLE001 - whatever it is, the next call is another
            _log.error("failed", source=name, error=type(error).__name__, at=log.where(error))
            said = FAILED
        finally:
            self._under_way -= 1
        status = await _told(send, said)
        seconds = time.perf_counter() - started
        self._metrics.answered(name, status, seconds)
        if isinstance(said, ErrorAnswer):
            self._seldom.warning((name, status), "call refused", source=name, status=status, why=said.text)
        if self._access_log:
            _log.info("call answered", source=name, status=status, ms=round(seconds * 1e3, 3))

    async def _taken(
        self, source: SourceSettings, scope: Scope, receive: Receive
    ) -> ErrorAnswer | Reply | None:
        if self._under_way > self._limits.waiting:
            return BUSY
        limits = self._limits
        try:
            body = await read_body(scope, receive, limits.body, self._watch)
        except BodyError as error:
            return TOO_LONG if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else _refusal(error)
        sent = WebhookCall(scope, body)
        if scope["method"] == "GET" and not self._acceptor.reads_query(source, sent):
            return NOTHING  # as if it was nothing: senders ask whether somebody is there
        content_type, query = sent.header(b"content-type"), scope["query_string"]
        posted = await forms.as_json(body, content_type, query, limits.body)
        if isinstance(posted, ErrorAnswer):
            return posted
        if posted is not body:
            sent = sent.as_json(posted)
        return await self._acceptor.accept(source, sent, Stamp.now(scope))


def _refusal(error: BodyError) -> ErrorAnswer:
    return ErrorAnswer(error.status, error.message)


async def _told(send: Send, said: ErrorAnswer | Reply | None) -> int:
    if said is None:
        await say_ok(send)
    elif isinstance(said, ErrorAnswer):
        await say_refused(send, said)
        return said.status
    else:
        content_type = said.content_type.encode()
        await say(send, HTTPStatus.OK, said.body, [(b"content-type", content_type)] if content_type else [])
    return HTTPStatus.OK
