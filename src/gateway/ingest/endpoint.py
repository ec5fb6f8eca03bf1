"""Serves `/v1/webhook`: answers what senders post as RudderStack's own gateway would."""

from __future__ import annotations

import time

import structlog
from starlette.types import Receive, Scope, Send

from ...core.errors import SpringheadError, VerificationFailed
from ...server import log
from ..metrics import GatewayMetrics
from ..settings import Settings
from .acceptor import Acceptor
from .auth import WriteKeys
from .responses import BUSY, FAILED, NOT_STORED, Answer, ErrorAnswer, send_answer, send_not_allowed

_log = structlog.get_logger()


class WebhookEndpoint:
    """The endpoint of all sources, as an ASGI app."""

    def __init__(self, settings: Settings, acceptor: Acceptor, metrics: GatewayMetrics) -> None:
        self._write_keys = WriteKeys(settings.source)
        self._acceptor = acceptor
        self._metrics = metrics
        self._max_in_flight = settings.limits.waiting
        self._in_flight = 0
        self._access_log = settings.gateway.access_log
        self._limited_log = log.RateLimitedLogger(_log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["method"] not in ("GET", "POST"):
            await send_not_allowed(send)
            return
        started = time.perf_counter()
        source = self._write_keys.authenticate(scope)
        name = "" if isinstance(source, ErrorAnswer) else source.name
        answer = source if isinstance(source, ErrorAnswer) else await self._accept(name, scope, receive)
        status = await send_answer(send, answer)
        self._record(name, answer, status, time.perf_counter() - started)

    async def _accept(self, source: str, scope: Scope, receive: Receive) -> Answer:
        if self._in_flight >= self._max_in_flight:
            return BUSY
        self._in_flight += 1
        try:
            return await self._acceptor.accept(source, scope, receive)
        except VerificationFailed as error:
            at = log.where(error.__cause__ or error)
            self._limited_log.warning(
                (source, error.plugin), "call not verified", source=source, reason=str(error), at=at
            )
            return FAILED
        except SpringheadError as error:
            _log.error("call not stored", source=source, reason=str(error))
            return NOT_STORED
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it must not end the server
            _log.error("call failed", source=source, error=type(error).__name__, at=log.where(error))
            return FAILED
        finally:
            self._in_flight -= 1

    def _record(self, source: str, answer: Answer, status: int, seconds: float) -> None:
        self._metrics.answered(source, status, seconds)
        if isinstance(answer, ErrorAnswer):
            self._limited_log.warning(
                (source, status),
                "call refused",
                source=source,
                status=status,
                reason=answer.reason or answer.text,
            )
        if self._access_log:
            _log.info("call answered", source=source, status=status, ms=round(seconds * 1e3, 3))
