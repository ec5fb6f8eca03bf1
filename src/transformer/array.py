"""`POST /v2/sources/{source}`: the array rudder-server posts in, an array of as many answers out."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
import zlib

import structlog
from starlette.types import Receive, Scope, Send

from ..core.codec import Object, encode, encode_into
from ..core.errors import InvalidConfig, InvalidJson
from ..core.host import Host, Receiver
from ..core.outcome import Outcome
from ..server import log
from ..server.body import LARGE, LARGE_AT_ONCE, BodyError, read_body
from ..server.counts import OutcomeCounts
from ..server.deadline import Deadline
from . import answer
from .elements import Element, ElementReader, SourceConfig
from .metrics import Metrics
from .options import TransformerOptions
from .rejected_file import RejectedFile

ELEMENTS = 100_000
"""Elements of the longest array taken: far more than rudder-server posts, and a bound on `[0,0,...]`."""
_TURN = 0.02
"""Seconds of work after which other calls get a turn."""
_INLINE = 1 << 18
"""Bytes of an answer up to which compressing it here is quicker than handing it to a thread."""
_GZIP_TAKEN = re.compile(rb"(?i)(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q\s*=\s*(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)")
"""What takes gzip: it is named, and its weight (RFC 9110, section 12.4.2) is not zero."""

_log = structlog.get_logger()


class Arrays:
    """Answers the arrays of the sources a host has."""

    def __init__(
        self, host: Host, metrics: Metrics, rejected: RejectedFile | None, options: TransformerOptions
    ) -> None:
        self._host = host
        self._around = {source: host.reads_request(source) for source in host.sources}
        self._metrics = metrics
        self._rejected = rejected
        self._options = options
        self._elements = ElementReader()
        self._watch = Deadline(options.read_seconds)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        run = secrets.token_hex(4)
        self._ids = (f"{run}-{number}" for number in itertools.count(1))

    def knows(self, source: str) -> bool:
        """Whether the host has this source."""
        return source in self._around

    async def answer(self, source: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one array, posted in an ASGI call."""
        started = time.perf_counter()
        options = self._options
        label = source if source in self._around else "unknown"
        request_id = next(self._ids)
        try:
            body = await read_body(scope, receive, options.body_limit, self._watch)
            data, count = await self._transformed(source, body, request_id)
        except BodyError as error:
            status, data = error.status, encode({"error": error.error, "message": error.message})
            self._metrics.refused(label, status)
            _log.warning("array refused", source=label, status=status, why=error.message, request_id=request_id)
            await _send(send, status, data, request_id)
            return
        gzip = 0 < options.gzip_from <= len(data) and _takes_gzip(scope)
        data = await _gzipped(data) if gzip else data
        await _send(send, 200, data, request_id, gzip=gzip)
        seconds = time.perf_counter() - started
        self._metrics.answered(label, count, seconds, len(body), len(data))
        if options.access_log:
            about = {"elements": count.elements, "events": count.events, "rejected": count.rejected}
            took = {"bytes": len(body), "ms": round(seconds * 1e3, 3)}
            _log.info("array answered", source=label, **about, **took, request_id=request_id)

    async def _transformed(self, source: str, body: bytes, request_id: str) -> tuple[bytes, OutcomeCounts]:
        try:
            elements = self._elements.read(body, around=self._around.get(source, False))
        except InvalidJson as error:
            raise BodyError(400, "Malformed JSON", str(error)) from None
        if elements is None:
            invalid = answer.error(None, answer.INVALID_EVENTS, 400)
            return encode([invalid]), OutcomeCounts(0)
        if len(elements) > ELEMENTS:
            many = f"the array holds more than {ELEMENTS:,} elements: send fewer at once"
            raise BodyError(413, "Request Entity Too Large", many)
        count = OutcomeCounts(len(elements))
        answers = bytearray(b"[")
        until = time.perf_counter() + _TURN
        for element in elements:
            if element.__class__ is tuple and len(element[0].body) >= LARGE:
                async with self._large:
                    one = await asyncio.to_thread(self._answer, source, element, count, request_id)
            else:
                one = self._answer(source, element, count, request_id)
            _append(answers, one, request_id)
            if time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + _TURN
        answers[-1:] = b"]" if elements else b"[]"
        return bytes(answers), count

    def _answer(self, source: str, element: Element, count: OutcomeCounts, request_id: str) -> Object:
        """What one element is answered; nothing about it costs another."""
        if source not in self._around:
            return answer.error(None, "there is no such source here", 404)
        if isinstance(element, str):
            return answer.error(source, element, 400)
        try:
            request, settings = element
            outcome = self._receiver(source, settings)(request)
        except InvalidConfig as error:  # the operator's mistake: the sender may try again once it is mended
            _log.error("wrong settings", source=source, why=error.reason, request_id=request_id)
            return answer.error(source, str(error), 500, "configuration")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this element's alone
            _log.error(
                "failed", source=source, error=type(error).__name__, at=log.where(error), request_id=request_id
            )
            return answer.error(source, f"internal error: {type(error).__name__}", 500)
        count.add(outcome)
        if outcome.rejections:
            self._keep(source, outcome, request_id)
        return answer.answered(source, outcome)

    def _receiver(self, source: str, settings: SourceConfig) -> Receiver:
        receiver = settings.receivers.get(source)
        if receiver is None:
            receiver = settings.receivers[source] = self._host.receiver(source, settings.value)
        return receiver

    def _keep(self, source: str, outcome: Outcome, request_id: str) -> None:
        """Tell of rejections, and keep them whole where there is a file for them."""
        first = outcome.rejections[0]
        _log.warning(
            "records rejected",
            source=source,
            count=len(outcome.rejections),
            rule=first.rule,
            pointer=first.pointer,
            why=first.reason,
            request_id=request_id,
        )
        if self._rejected is not None:
            try:
                self._rejected.keep(outcome.rejections, request_id)
            except OSError as error:
                _log.error("rejected records not kept", count=len(outcome.rejections), why=error.strerror)


def _append(answers: bytearray, one: Object, request_id: str) -> None:
    """Encode an answer, and a comma, at the end of the others."""
    at = len(answers)
    try:
        encode_into(one, answers, at)
    except (TypeError, ValueError, RecursionError) as error:  # what no JSON holds costs no other
        _log.error("an answer is no JSON", error=type(error).__name__, request_id=request_id)
        answers[at:] = encode(answer.error(None, "internal error: the answer is no JSON", 500))
    answers += b","


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and _GZIP_TAKEN.search(value) for name, value in scope["headers"])


async def _gzipped(data: bytes) -> bytes:
    """The data, gzipped lightly: at 1 most of the size is gone for a fifth of the time of the default."""
    if len(data) <= _INLINE:
        return zlib.compress(data, 1, zlib.MAX_WBITS + 16)
    return await asyncio.to_thread(zlib.compress, data, 1, zlib.MAX_WBITS + 16)


async def _send(send: Send, status: int, data: bytes, request_id: str, *, gzip: bool = False) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(data)),
        (b"apiversion", b"2"),
        (b"x-request-id", request_id.encode()),
    ]
    if gzip:
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
