"""Reads request bodies, bounded in size and time, and inflates them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from typing import Any

from starlette.types import Receive, Scope

from ..core.errors import SpringheadError
from .deadline import Deadline

LARGE = 1 << 16
"""Bodies of at least this many bytes are handled in a thread, so that other requests are served meanwhile."""
LARGE_AT_ONCE = 4
"""Large bodies handled at once. Each takes many times its size in memory, and more would not be faster."""

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
_INLINE = 1 << 13
"""Bytes up to which an encoded body is inflated without a thread: that yields at most 8 MB."""


class BodyError(SpringheadError):
    """A request body that is refused.

    Attributes:
        status: the HTTP status to answer.
        error: the problem in a few words.
        message: what is wrong with this body.
    """

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(status, error, message)
        self.status = status
        self.error = error
        self.message = message

    def __str__(self) -> str:
        return self.message


class EncodingError(BodyError):
    """A whole body that is not encoded as its header says; `body` is what arrived."""

    def __init__(self, error: str, message: str, body: bytes) -> None:
        super().__init__(400, error, message)
        self.body = body


async def read_body(scope: Scope, receive: Receive, limit: int, deadline: Deadline) -> bytes:
    """The body of a request, inflated.

    Args:
        scope: of the ASGI call.
        receive: of the ASGI call.
        limit: the longest body accepted, in bytes, as sent and inflated; reading stops once it is passed.
        deadline: how long the body may take to arrive.

    Raises:
        EncodingError: 400 it cannot be inflated, or has too many members.
        BodyError: 408 it takes too long; 413 it is too large; 415 its encoding is not supported; 400 it is cut
            off.
    """
    wbits, length = _encoding_and_length(scope)
    if length > limit:
        raise _too_large(limit)
    try:
        body = await deadline.within(_received(receive, limit))
    except TimeoutError:
        reason = f"the body did not come in within {deadline.seconds:g} seconds"
        raise BodyError(408, "Request Timeout", reason) from None
    if not wbits:
        return body
    if len(body) <= _INLINE:
        return _inflated(body, wbits, limit)
    return await asyncio.to_thread(_inflated, body, wbits, limit)


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


async def _received(receive: Receive, limit: int) -> bytes:
    message = await _next_message(receive)
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body") and size <= limit:
            message = await _next_message(receive)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def _next_message(receive: Receive) -> Any:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise BodyError(400, "Request Aborted", "reading request body: it is not whole")
    return message


def _inflated(body: bytes, wbits: int, limit: int) -> bytes:
    """The body without its encoding: one or more gzip members, or deflate with or without a zlib header."""
    if wbits == zlib.MAX_WBITS and body and body[0] & 0x0F != zlib.DEFLATED:
        wbits = -zlib.MAX_WBITS  # some senders take "deflate" literally, and leave the zlib header out
    parts: list[bytes] = []
    size = 0
    try:
        for part in _inflate_members(body, wbits, limit + 1):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise _too_large(limit)
    except zlib.error:
        reason = "the body is not encoded as its header says"
        raise EncodingError("Broken Content-Encoding", reason, body) from None
    return b"".join(parts)


def _inflate_members(body: bytes, wbits: int, max_length: int) -> Iterator[bytes]:
    """Inflate the members of a body slice by slice."""
    position = members = 0
    while position < len(body):
        members += 1
        if members > _MEMBERS:
            reason = f"the encoded body has more than {_MEMBERS:,} members: encode it as one"
            raise EncodingError("Unsupported Content-Encoding", reason, body)
        inflater = zlib.decompressobj(wbits)
        while not inflater.eof:
            if position == len(body):
                raise EncodingError("Broken Content-Encoding", "the encoded body is cut off", body)
            encoded = memoryview(body)[position : position + _SLICE]
            yield inflater.decompress(encoded, max_length)
            position += len(encoded) - len(inflater.unused_data)


def _too_large(limit: int) -> BodyError:
    reason = f"the body is longer than {limit:,} bytes: send less at once"
    return BodyError(413, "Request Entity Too Large", reason)
