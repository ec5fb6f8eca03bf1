"""Reading a request's body: an ASGI call in, bytes out, inflated, bounded in size and time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from typing import Any

from starlette.types import Receive, Scope

from ..core.errors import SpringheadError
from .deadline import Deadline

LARGE = 1 << 16
"""Bytes of a body from which on it is worked on in a thread, so that others are served meanwhile."""
LARGE_AT_ONCE = 4
"""Large bodies worked on at once: each takes many times its bytes, and more are not done earlier."""

_GZIP = zlib.MAX_WBITS + 16
_FRAMING = {
    b"": 0,
    b"identity": 0,
    b"utf-8": 0,  # a charset, which some senders take for one
    b"gzip": _GZIP,
    b"x-gzip": _GZIP,
    b"deflate": zlib.MAX_WBITS,
}
"""The content encodings taken, with what zlib calls their framing; 0 is none."""
_MEMBERS = 1_000
"""Members of the longest encoded body taken: each costs more than its bytes, and a sender needs one."""
_SLICE = 1 << 14
"""Bytes inflated at a time: zlib copies what is left of them behind each member."""
_QUICK = 1 << 13
"""Bytes of an encoded body up to which it is inflated here: they become 8 MB at most."""


class BodyError(SpringheadError):
    """A body that is not taken: the HTTP status to say so with, what is wrong, and the details."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(status, error, message)
        self.status = status
        self.error = error
        self.message = message


async def read_body(scope: Scope, receive: Receive, limit: int, watch: Deadline) -> bytes:
    """The body of a call.

    Args:
        scope: of the ASGI call.
        receive: of the ASGI call.
        limit: bytes of the longest body taken, as sent and inflated; a longer one is refused while it comes in.
        watch: how long the body may take to come in.

    Raises:
        BodyError: 408 too slow, 413 too long, 415 an encoding not taken, 400 an encoding that is broken, or of
            too many members.
    """
    framing, announced = _announced(scope)
    if announced > limit:
        raise _too_long(limit)
    try:
        body = await watch.within(_whole(receive, limit))
    except TimeoutError:
        reason = f"the body did not come in within {watch.seconds:g} seconds"
        raise BodyError(408, "Request Timeout", reason) from None
    if not framing:
        return body
    if len(body) <= _QUICK:
        return _inflated(body, framing, limit)
    return await asyncio.to_thread(_inflated, body, framing, limit)


def _announced(scope: Scope) -> tuple[int, int]:
    """The framing and the length the headers announce."""
    framing, length = 0, b"0"
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = value
        elif name == b"content-encoding":
            known = _FRAMING.get(value.strip().lower())
            if known is None:
                raise BodyError(415, "Unsupported Content-Encoding", "send the body as it is, gzip or deflate")
            framing = known
    return framing, int(length) if length.isdigit() else 0


async def _whole(receive: Receive, limit: int) -> bytes:
    message = await _part(receive)
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body") and size <= limit:
            message = await _part(receive)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > limit:
        raise _too_long(limit)
    return body


async def _part(receive: Receive) -> Any:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise BodyError(
            400, "Request Aborted", "reading request body: it is not whole"
        )  # some only stop sending, and listen
    return message


def _inflated(body: bytes, framing: int, limit: int) -> bytes:
    """The body out of its encoding: gzip members one after another, or deflate with or without its framing."""
    if framing == zlib.MAX_WBITS and body and body[0] & 0x0F != zlib.DEFLATED:
        framing = -zlib.MAX_WBITS  # some senders take "deflate" by its word
    parts: list[bytes] = []
    size = 0
    try:
        for part in _parts(body, framing, limit + 1):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise _too_long(limit)
    except zlib.error:
        raise BodyError(400, "Broken Content-Encoding", "the body is not encoded as its header says") from None
    return b"".join(parts)


def _parts(body: bytes, framing: int, longest: int) -> Iterator[bytes]:
    """What is in the body's members, slice by slice."""
    at = members = 0
    while at < len(body):
        members += 1
        if members > _MEMBERS:
            reason = f"the encoded body has more than {_MEMBERS:,} members: encode it as one"
            raise BodyError(400, "Unsupported Content-Encoding", reason)
        inflater = zlib.decompressobj(framing)
        while not inflater.eof:
            if at == len(body):
                raise BodyError(400, "Broken Content-Encoding", "the encoded body is cut off")
            piece = memoryview(body)[at : at + _SLICE]
            yield inflater.decompress(piece, longest)
            at += len(piece) - len(inflater.unused_data)


def _too_long(limit: int) -> BodyError:
    return BodyError(
        413, "Request Entity Too Large", f"the body is longer than {limit:,} bytes: send less at once"
    )
