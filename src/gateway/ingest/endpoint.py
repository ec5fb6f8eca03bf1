"""Serves `/v1/webhook`: answers what senders post as RudderStack's own gateway would."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from starlette.types import Receive, Scope, Send

from ...core.errors import SpringheadError, VerificationFailed
from ...http.answers import FAILED, REFUSED, Answer
from ...server import log
from ..metrics import GatewayMetrics
from ..settings import Settings, SourceSettings
from .acceptor import Acceptor
from .auth import WriteKeys
from .fair_limit import FairLimit
from .responses import BUSY, NOT_STORED, send_answer, send_not_allowed

_METHODS = ("GET", "POST")
_log = structlog.get_logger()
_MAX_REASONS = 8
"""A plugin may give each call a reason of its own; the log remembers no more than these of a source."""


class WebhookEndpoint:
    """The endpoint of all sources, as an ASGI app."""

    def __init__(self, settings: Settings, acceptor: Acceptor, metrics: GatewayMetrics) -> None:
        self._write_keys = WriteKeys(settings.source)
        self._acceptor = acceptor
        self._metrics = metrics
        self._in_flight = FairLimit(settings.limits.waiting)
        self._access_log = settings.gateway.access_log
        self._limited_log = log.RateLimitedLogger(_log)
        self._reasons: dict[str, set[str]] = {}
        """For each source, the reasons of its 401s that are logged apart."""

    def use_sources(self, sources: Sequence[SourceSettings]) -> None:
        """Accept calls to these sources, with their keys, from now on."""
        self._acceptor.use_sources(sources)
        self._write_keys = WriteKeys(sources)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["method"] not in _METHODS:
            await send_not_allowed(send, _METHODS)
            return
        started = time.perf_counter()
        source, refusal = self._write_keys.authenticate(scope)
        answer = refusal or await self._accept(source, scope, receive)
        await send_answer(send, answer)
        self._record(source, answer, time.perf_counter() - started)

    async def _accept(self, source: str, scope: Scope, receive: Receive) -> Answer:
        if not self._in_flight.enter(source):
            return BUSY
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
            self._in_flight.leave(source)

    def _record(self, source: str, answer: Answer, seconds: float) -> None:
        status = answer.status
        self._metrics.answered(source, status, seconds)
        if answer.reason:
            fields = {"source": source, "status": status, "reason": answer.reason}
            self._limited_log.warning(self._kind(source, answer), "call refused", **fields)
        if self._access_log:
            _log.info("call answered", source=source, status=status, ms=round(seconds * 1e3, 3))

    def _kind(self, source: str, answer: Answer) -> tuple[str, int, str]:
        """What calls are refused alike: a 401 for the same reason, as long as its reasons are few."""
        if answer.status != REFUSED.status:
            return source, answer.status, ""
        reasons = self._reasons.setdefault(source, set())
        if len(reasons) < _MAX_REASONS:
            reasons.add(answer.reason)
        return source, answer.status, answer.reason if answer.reason in reasons else ""
