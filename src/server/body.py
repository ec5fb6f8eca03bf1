"""Reads request bodies, bounded in size and time, and inflates them."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope

from ..http.body_error import BodyError, cut_off, too_large
from ..http.content_encoding import inflated_parts, take, zlib_wbits
from .deadline import Deadline
from .memory import Claim

LARGE = 1 << 16
"""Bytes of a body that is large: it waits for memory, and is handled in a thread, so that others are served."""

_MANY_RECORDS = 1_000
"""Records that take about 20 ms."""
_STRIDE = 61
"""One byte in so many tells roughly what a body is made of; to count in all of it would take 80 us."""


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
    sample = body[::_STRIDE]
    return (sample.count(b",") - sample.count(b":")) * _STRIDE >= _MANY_RECORDS


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
        raise too_large(limit)
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
        raise too_large(limit)
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
            wbits = zlib_wbits(value.decode("latin-1"))
    return wbits, int(length) if length.isdigit() else 0


async def _read(receive: Receive, parts: list[bytes], limit: int) -> bool:
    """Read parts until they end, or are longer than a limit; returns whether there may be more."""
    size = 0
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise cut_off()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return False
        size += len(parts[-1])
    return True


async def _inflated(body: bytes, wbits: int, limit: int, claim: Claim) -> bytes:
    """The body without its encoding.

    What is beyond the first `LARGE` bytes is inflated in a thread, once there is memory for all of it.
    """
    rest = inflated_parts(body, wbits)
    parts = take(rest, LARGE)
    if sum(map(len, parts)) > LARGE:
        await claim.take(len(body) + limit)
        parts += await asyncio.to_thread(take, rest, limit)
    inflated = b"".join(parts)
    if len(inflated) > limit:
        raise too_large(limit)
    return inflated
