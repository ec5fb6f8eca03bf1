"""Reads requests and responds as plainly as ASGI allows, for the floors of the benchmarks."""

from __future__ import annotations

from typing import Any


async def read(receive: Any) -> bytes:
    """The body of a request."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def respond(send: Any, body: bytes, content_type: bytes) -> None:
    """Respond with 200."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
