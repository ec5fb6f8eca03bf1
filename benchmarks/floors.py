"""What every floor does of HTTP: reads a call's body, and answers it."""

from __future__ import annotations

from typing import Any


async def body_of(receive: Any) -> bytes:
    """The body of an ASGI call."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def answered(send: Any, data: bytes, content_type: bytes) -> None:
    """Answer an ASGI call with 200."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(data))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})
