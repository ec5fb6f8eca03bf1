"""Reads request bodies, bounded in size and time, and inflates them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope

from ..core.errors import SpringheadError
from .deadline import Deadline

if TYPE_CHECKING:
    from .memory import Claim

LARGE = 1 << 16
"""Bytes of a body that is large: it waits for memory, and is handled in a thread, so that others are served."""

_GZIP = zlib.MAX_WBITS + 16
_WBITS = {
    b"": 0,
    b"identity": 0,
    b"utf-8": 0,  # a charset, which some senders mistake for an encoding
    b"gzip": _GZIP,
    b"x-gzip": _GZIP,
    b"deflate": zlib.MAX_WBITS,
}
"""The content encodings that are accepted, and zlib's `wbits` for each; 0 if there is nothing to inflate."""
_MEMBERS = 1_000
"""Members an encoded body may have: each costs more than its bytes, and no sender needs more than one."""
_SLICE = 1 << 14
"""Bytes inflated at a time: zlib copies what is left of them after each member."""
_MANY_RECORDS = 1_000
"""Records that take about 20 ms."""


class BodyError(SpringheadError):
    """A request body that is refused.

    Attributes:
        status: the HTTP status to answer.
        error: the problem in a few words.
        message: what is wrong with this body.
        retry_after: in how many seconds to try again, if that would help.
    """

    def __init__(self, status: int, error: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(status, error, message, retry_after)
        self.status = status
        self.error = error
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message


class EncodingError(BodyError):
    """A whole body that is not encoded as its header says; `body` is what arrived."""

    def __init__(self, error: str, message: str, body: bytes) -> None:
        super().__init__(400, error, message)
        self.body = body


def takes_long(body: bytes) -> bool:
    """Whether handling a body may take more than 20 ms, in which a server should do other work as well.

    It may if the body is large, or may hold many records: each begins with a bracket, or on a line of its own,
    or is a bare value in a list, which has a comma but, unlike a member of an object, no colon.
    """
    if len(body) >= LARGE:
        return True
    if len(body) < 2 * _MANY_RECORDS:
        return False
    rest = body
    for start in (b"{", b"[", b"\n"):
        rest = rest.replace(start, b"", _MANY_RECORDS)  # counting them would take several times as long
    if len(body) - len(rest) >= _MANY_RECORDS:
        return True
    return body.count(b",") - body.count(b":") >= _MANY_RECORDS


async def read_body(scope: Scope, receive: Receive, limit: int, deadline: Deadline, claim: Claim) -> bytes:
    """The body of a request, inflated.

    Args:
        scope: of the ASGI call.
        receive: of the ASGI call.
        limit: the longest body accepted, in bytes, as sent and inflated; reading stops once it is passed.
        deadline: how long the body may take to arrive; one that waits for memory may take it once more.
        claim: takes the memory of a large body before the body is read or inflated, and then holds its bytes.

    Raises:
        EncodingError: 400 it cannot be inflated, or has too many members.
        BodyError: 408 it takes too long; 413 it is too large; 415 its encoding is not supported; 400 it is cut
            off; 503 there is no memory for it.
    """
    wbits, length = _encoding_and_length(scope)
    if length > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    try:
        more = await deadline.within(_read(receive, parts, min(limit, LARGE)))
        size = sum(map(len, parts))
        if LARGE < size <= limit:
            await claim.take((length or limit) + (limit if wbits else 0))
            if more:
                await deadline.within(_read(receive, parts, limit - size))
    except TimeoutError:
        reason = f"the body did not come in within {deadline.seconds:g} seconds"
        raise BodyError(408, "Request Timeout", reason) from None
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    if len(body) > limit:
        raise _too_large(limit)
    if wbits:
        body = await _inflated(body, wbits, limit, claim)
    claim.resize(len(body))
    return body


def _encoding_and_length(scope: Scope) -> tuple[int, int]:
    """What the headers say about the body: zlib's `wbits` for its encoding, and its length."""
    wbits, length = 0, b"0"
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = value
        elif name == b"content-encoding":
            known = _WBITS.get(value.strip().lower())
            if known is None:
                raise BodyError(415, "Unsupported Content-Encoding", "send the body as it is, gzip or deflate")
            wbits = known
    return wbits, int(length) if length.isdigit() else 0


async def _read(receive: Receive, parts: list[bytes], limit: int) -> bool:
    """Read parts until they end, or are longer than a limit; returns whether there may be more."""
    size = 0
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyError(400, "Request Aborted", "reading request body: it is not whole")
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return False
        size += len(parts[-1])
    return True


async def _inflated(body: bytes, wbits: int, limit: int, claim: Claim) -> bytes:
    """The body without its encoding: one or more gzip members, or deflate with or without a zlib header.

    What is beyond the first `LARGE` bytes is inflated in a thread, once there is memory for all of it.
    """
    if wbits == zlib.MAX_WBITS and body and body[0] & 0x0F != zlib.DEFLATED:
        wbits = -zlib.MAX_WBITS  # some senders take "deflate" literally, and leave the zlib header out
    slices = _inflate(body, wbits)
    parts = _take(slices, LARGE)
    if sum(map(len, parts)) > LARGE:
        await claim.take(len(body) + limit)
        parts += await asyncio.to_thread(_take, slices, limit)
    inflated = b"".join(parts)
    if len(inflated) > limit:
        raise _too_large(limit)
    return inflated


def _take(slices: Iterator[bytes], limit: int) -> list[bytes]:
    """The next slices, until they are longer than a limit."""
    taken: list[bytes] = []
    size = 0
    while size <= limit and (part := next(slices, None)) is not None:
        taken.append(part)
        size += len(part)
    return taken


def _inflate(body: bytes, wbits: int) -> Iterator[bytes]:
    """Inflate the members of a body slice by slice."""
    position = members = 0
    while position < len(body):
        members += 1
        if members > _MEMBERS:
            reason = f"the encoded body has more than {_MEMBERS:,} members: encode it as one"
            raise EncodingError("Unsupported Content-Encoding", reason, body)
        inflater = zlib.decompressobj(wbits)
        while not inflater.eof:
            encoded = memoryview(body)[position : position + _SLICE]
            try:
                part = inflater.decompress(encoded, LARGE)
            except zlib.error:
                reason = "the body is not encoded as its header says"
                raise EncodingError("Broken Content-Encoding", reason, body) from None
            if not encoded and not part and not inflater.eof:
                raise EncodingError("Broken Content-Encoding", "the encoded body is cut off", body)
            position += len(encoded) - len(inflater.unused_data) - len(inflater.unconsumed_tail)
            yield part


def _too_large(limit: int) -> BodyError:
    reason = f"the body is longer than {limit:,} bytes: send less at once"
    return BodyError(413, "Request Entity Too Large", reason)
