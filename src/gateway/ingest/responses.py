"""What a sender is told: the texts, headers and statuses of RudderStack's own gateway.

Every error is plain text that ends in a newline; success is `ok`, without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Send

_TEXT = (b"content-type", b"text/plain; charset=utf-8")
CLOSE = (b"connection", b"close")
"""For an answer to a call whose body was not read: the server closes, and who knows it sends no other there."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """Why a call is not taken: an HTTP status, and the text a sender sees; seconds after which to try again."""

    status: int
    text: str
    retry_after: int | None = None


TOO_LONG = ErrorAnswer(413, "request size exceeds max limit")
FORM = ErrorAnswer(400, "error during parsing form")
MULTIFORM = ErrorAnswer(400, "error during parsing multiform")
EMPTY = ErrorAnswer(400, "empty batch payload")
NO_ROOM = ErrorAnswer(503, "the gateway cannot keep events now: try again", retry_after=30)
NOT_STARTED = ErrorAnswer(503, "the gateway is not started: its lifespan does not run", retry_after=30)
NOT_FOUND = ErrorAnswer(404, "404 page not found")


async def say_ok(send: Send) -> None:
    """Say that all is kept."""
    await say(send, 200, b"ok", [_TEXT])


async def say_refused(send: Send, refusal: ErrorAnswer) -> None:
    """Say why nothing was taken."""
    headers = [_TEXT, (b"x-content-type-options", b"nosniff")]
    if refusal.status != HTTPStatus.BAD_REQUEST:
        headers.append(CLOSE)
    if refusal.retry_after is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    await say(send, refusal.status, f"{refusal.text}\n".encode(), headers)


async def say(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Answer a call."""
    start = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
