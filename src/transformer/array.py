"""Answers `POST /v2/sources/{source}`: an array of webhook requests, each element on its own."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
import zlib
from functools import partial

import structlog
from starlette.types import Receive, Scope, Send

from ..core.codec import Object, encode, encode_into
from ..core.errors import InvalidConfig, InvalidJson, VerificationFailed
from ..core.host import Host, Receiver
from ..core.outcome import Rejection
from ..core.signature.secret import MISSING_SECRET, SIGNING_SECRET
from ..http.body_error import BodyError
from ..http.error_text import NOT_AUTHENTIC
from ..server import log
from ..server.body import read_body, takes_long
from ..server.counts import OutcomeCounts
from ..server.deadline import Deadline
from ..server.memory import Claim, MemoryBudget
from .altered import refuse_altered
from .answer import INVALID_EVENTS, error_answer, outcome_answer
from .elements import MAX_ELEMENTS, Element, ElementDecoder, SourceConfig
from .metrics import TransformerMetrics
from .options import TransformerOptions
from .rejected_file import RejectedFile

_SLICE_SECONDS = 0.02
"""How long an array may be worked on before other requests get their turn."""
_INLINE = 1 << 18
"""Bytes up to which decoding an array, or compressing a response, is faster than handing it to a thread."""
_ARRAY_FACTOR = 4
"""Bytes of memory that one byte of an array takes until it is answered: decoded, and as events."""
_GZIPPED = ((b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))

_log = structlog.get_logger()


class ArrayEndpoint:
    """Answers the arrays for the sources of a host."""

    def __init__(
        self,
        host: Host,
        metrics: TransformerMetrics,
        rejected: RejectedFile | None,
        options: TransformerOptions,
    ) -> None:
        self._host = host
        self._reads_request = {source: host.reads_request(source) for source in host.sources}
        self._metrics = metrics
        self._rejected = rejected
        self._options = options
        self._decoder = ElementDecoder()
        self._deadline = Deadline(options.read_seconds)
        half = options.memory // 2
        self._arrays = MemoryBudget(half // _ARRAY_FACTOR)
        self._mapping = MemoryBudget(half, wait_seconds=options.read_seconds)
        self._limited_log = log.RateLimitedLogger(_log)
        process = secrets.token_hex(4)
        self._request_ids = (f"{process}-{number}" for number in itertools.count(1))

    def has_source(self, source: str) -> bool:
        """Whether the host has this source."""
        return source in self._reads_request

    async def answer(self, source: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one array."""
        with self._arrays.claim() as claim:
            await self._respond(source, scope, receive, send, claim)

    async def _respond(self, source: str, scope: Scope, receive: Receive, send: Send, claim: Claim) -> None:
        started = time.perf_counter()
        options = self._options
        label = source if self.has_source(source) else "unknown"
        request_id = next(self._request_ids)
        try:
            body = await read_body(scope, receive, options.body_limit, self._deadline, claim)
            response, counts = await self._transform(source, body, request_id)
        except BodyError as error:
            self._metrics.refused(label, error.status)
            fields = {"source": label, "status": error.status, "reason": error.message}
            _log.warning("array refused", **fields, request_id=request_id)
            response = encode({"error": error.error, "message": error.message})
            retry_after = () if error.retry_after is None else ((b"retry-after", b"%d" % error.retry_after),)
            await _send(send, error.status, response, request_id, *retry_after)
            return
        if 0 < options.gzip_from <= len(response) and _accepts_gzip(scope):
            response = await _gzipped(response)
            await _send(send, 200, response, request_id, *_GZIPPED)
        else:
            await _send(send, 200, response, request_id)
        seconds = time.perf_counter() - started
        self._metrics.answered(label, counts, seconds, len(body), len(response))
        if options.access_log:
            sums = {"elements": counts.elements, "events": counts.events, "rejected": counts.rejected}
            cost = {"bytes": len(body), "ms": round(seconds * 1e3, 3)}
            _log.info("array answered", source=label, **sums, **cost, request_id=request_id)

    async def _transform(self, source: str, body: bytes, request_id: str) -> tuple[bytes, OutcomeCounts]:
        """The array of answers, encoded, and the counts of its outcomes."""
        reads_request = self._reads_request.get(source, False)
        if len(body) <= _INLINE:
            elements = self._decoder.decode(body, reads_request=reads_request)
        else:
            elements = await asyncio.to_thread(self._decoder.decode, body, reads_request=reads_request)
        if elements is None:
            elements = await self._decoded_leniently(body, reads_request=reads_request)
        if elements is None:
            return encode([error_answer(None, INVALID_EVENTS, 400)]), OutcomeCounts(0)
        if len(elements) > MAX_ELEMENTS:
            reason = f"the array holds more than {MAX_ELEMENTS:,} elements: send fewer at once"
            raise BodyError(413, "Request Entity Too Large", reason)
        return await self._answers(source, elements, request_id)

    async def _answers(
        self, source: str, elements: list[Element], request_id: str
    ) -> tuple[bytes, OutcomeCounts]:
        counts = OutcomeCounts(len(elements))
        answers = bytearray(b"[")
        slice_end = time.perf_counter() + _SLICE_SECONDS
        for element in elements:
            if element.__class__ is tuple and takes_long(body := element[0].body):
                with self._mapping.claim() as working:
                    await working.take_to_map(body)
                    answer = await asyncio.to_thread(self._answer, source, element, counts, request_id)
            else:
                answer = self._answer(source, element, counts, request_id)
            _append(answers, answer, request_id)
            if time.perf_counter() > slice_end:
                await asyncio.sleep(0)
                slice_end = time.perf_counter() + _SLICE_SECONDS
        answers[-1:] = b"]" if elements else b"[]"
        return bytes(answers), counts

    async def _decoded_leniently(self, body: bytes, *, reads_request: bool) -> list[Element] | None:
        decode = partial(self._decoder.decode_leniently, body, reads_request=reads_request)
        try:
            return await asyncio.to_thread(decode) if takes_long(body) else decode()
        except InvalidJson as error:
            raise BodyError(400, "Malformed JSON", str(error)) from None

    def _answer(self, source: str, element: Element, counts: OutcomeCounts, request_id: str) -> Object:
        """The answer to one element, whatever it holds; the others are not affected."""
        if not self.has_source(source):
            return error_answer(None, "there is no such source here", 404)
        if isinstance(element, str):
            return error_answer(source, element, 400)
        request, config = element
        try:
            outcome = self._receiver(source, config)(request)
        except InvalidConfig as error:  # a 500, for the sender may try again once the operator has corrected it
            _log.error("wrong settings", source=source, reason=error.reason, request_id=request_id)
            return error_answer(source, str(error), 500, "configuration")
        except VerificationFailed as error:  # a 500, too: the element was neither accepted nor refused
            fields = {"source": source, "reason": str(error), "at": log.where(error.__cause__ or error)}
            kind = source, error.plugin
            self._limited_log.warning(kind, "request not verified", **fields, request_id=request_id)
            return error_answer(source, "internal error: the request could not be verified", 500)
        except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this element alone
            fields = {"source": source, "error": type(error).__name__, "at": log.where(error)}
            _log.error("failed", **fields, request_id=request_id)
            return error_answer(source, f"internal error: {type(error).__name__}", 500)
        if outcome.refused is not None:
            counts.refused += 1
            fields = {"source": source, "reason": outcome.refused}
            self._limited_log.warning(source, "request refused", **fields, request_id=request_id)
            return error_answer(source, NOT_AUTHENTIC, 401, "authentication")
        counts.add(outcome)
        if outcome.rejections:
            self._report(source, outcome.rejections, request_id)
        return outcome_answer(source, outcome)

    def _receiver(self, source: str, config: SourceConfig) -> Receiver:
        receiver = config.receivers.get(source)
        if receiver is None:
            receiver = config.receivers[source] = self._make_receiver(source, config)
        return receiver

    def _make_receiver(self, source: str, config: SourceConfig) -> Receiver:
        receiver = self._host.receiver(source, config.value, scope=config.id)
        if not self._host.sources[source].signatures:
            return receiver
        if SIGNING_SECRET in config.value:
            return refuse_altered(receiver)
        kind = source, SIGNING_SECRET
        self._limited_log.warning(kind, "source without a signing_secret", source=source, advice=MISSING_SECRET)
        return receiver

    def _report(self, source: str, rejections: list[Rejection], request_id: str) -> None:
        """Log the first rejection, and keep all of them if there is a file for them."""
        first = rejections[0]
        fields = {
            "count": len(rejections),
            "rule": first.rule,
            "pointer": first.pointer,
            "reason": first.reason,
        }
        _log.warning("records rejected", source=source, **fields, request_id=request_id)
        if self._rejected is not None:
            try:
                self._rejected.append(rejections, request_id)
            except OSError as error:
                _log.error("rejected records not kept", count=len(rejections), reason=error.strerror)


def _append(answers: bytearray, answer: Object, request_id: str) -> None:
    """Encode an answer, and a comma, at the end of the others."""
    end = len(answers)
    try:
        encode_into(answer, answers, end)
    except (TypeError, ValueError, RecursionError) as error:  # a plugin left what JSON cannot hold
        _log.error("an answer is not JSON", error=type(error).__name__, request_id=request_id)
        answers[end:] = encode(error_answer(None, "internal error: the answer is not JSON", 500))
    answers += b","


def _accepts_gzip(scope: Scope) -> bool:
    """Whether a header names gzip with a weight that is not zero (RFC 9110, section 12.4.2)."""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for item in value.lower().replace(b" ", b"").split(b","):
                coding, _, weight = item.partition(b";")
                if coding in (b"gzip", b"x-gzip") and weight.rstrip(b"0.") != b"q=":
                    return True
    return False


async def _gzipped(data: bytes) -> bytes:
    """The data, gzipped at level 1: most of the size is gone in a fifth of the time the default takes."""
    if len(data) <= _INLINE:
        return zlib.compress(data, 1, zlib.MAX_WBITS + 16)
    return await asyncio.to_thread(zlib.compress, data, 1, zlib.MAX_WBITS + 16)


async def _send(send: Send, status: int, body: bytes, request_id: str, *more: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"apiversion", b"2"),
        (b"x-request-id", request_id.encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
