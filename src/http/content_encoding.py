"""Inflates request bodies, bounded in size and in work."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from ..core.host import BODY_LIMIT
from .body_error import BodyError, EncodingError, too_large

_GZIP = zlib.MAX_WBITS + 16
_WBITS = {
    "": 0,
    "identity": 0,
    "utf-8": 0,  # a charset, which some senders mistake for an encoding
    "gzip": _GZIP,
    "x-gzip": _GZIP,
    "deflate": zlib.MAX_WBITS,
}
"""The content encodings that are accepted, and zlib's `wbits` for each; 0 if there is nothing to inflate."""
_MEMBERS = 1_000
"""Members an encoded body may have: each costs more than its bytes, and no sender needs more than one."""
_SLICE = 1 << 14
"""Bytes inflated at a time: zlib copies what is left of them after each member."""
_PART = 1 << 16
"""Bytes that one step of inflating yields at most."""


def inflate(body: bytes, content_encoding: str, limit: int = BODY_LIMIT) -> bytes:
    """Inflate a request body.

    Args:
        body: as it came in.
        content_encoding: the `Content-Encoding` header; empty if there is none.
        limit: bytes of the longest body accepted, as sent and inflated. No more than that is inflated.

    Raises:
        EncodingError: 400 it is not encoded as the header says, is cut off, or has too many members.
        BodyError: 413 it is longer than the limit; 415 the encoding is neither gzip nor deflate.
    """
    wbits = zlib_wbits(content_encoding)
    if wbits and len(body) <= limit:
        body = b"".join(take(inflated_parts(body, wbits), limit))
    if len(body) > limit:
        raise too_large(limit)
    return body


def zlib_wbits(content_encoding: str) -> int:
    """Return zlib's `wbits` for a `Content-Encoding` header; 0 if there is nothing to inflate.

    Raises:
        BodyError: 415 the encoding is not supported.
    """
    wbits = _WBITS.get(content_encoding.strip().lower())
    if wbits is None:
        raise BodyError(415, "Unsupported Content-Encoding", "send the body as it is, gzip or deflate")
    return wbits


def take(parts: Iterator[bytes], limit: int) -> list[bytes]:
    """Take the next parts, until they are longer than a limit."""
    taken: list[bytes] = []
    size = 0
    while size <= limit and (part := next(parts, None)) is not None:
        taken.append(part)
        size += len(part)
    return taken


def inflated_parts(body: bytes, wbits: int) -> Iterator[bytes]:
    """Inflate a body part by part: one or more gzip members, or deflate with or without a zlib header.

    Raises:
        EncodingError: as `inflate`, when the part at fault is taken.
    """
    if wbits == zlib.MAX_WBITS and body and body[0] & 0x0F != zlib.DEFLATED:
        wbits = -zlib.MAX_WBITS  # some senders take "deflate" literally, and leave the zlib header out
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
                part = inflater.decompress(encoded, _PART)
            except zlib.error:
                reason = "the body is not encoded as its header says"
                raise EncodingError("Broken Content-Encoding", reason, body) from None
            if not encoded and not part and not inflater.eof:
                raise EncodingError("Broken Content-Encoding", "the encoded body is cut off", body)
            # At the end of a member the tail may repeat what is unused.
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            position += len(encoded) - len(rest)
            yield part
