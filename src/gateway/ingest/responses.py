"""Answers senders in the texts, headers and statuses of RudderStack's own gateway.

Every error is plain text that ends in a newline; success is `ok`, without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from starlette.types import Send

from ...core.outcome import Reply
from ...server import error_text


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An HTTP error.

    Attributes:
        status: its status.
        text: its text.
        retry_after: in how many seconds to try again, if that would help.
        reason: what the log says in place of the text.
    """

    status: int
    text: str
    retry_after: int | None = None
    reason: str = ""


Answer: TypeAlias = ErrorAnswer | Reply
"""The answer to a sender: an error, or 200 with the body of a reply."""

OK = Reply(b"ok", "text/plain; charset=utf-8")
IGNORED = Reply(b"", "")
"""The answer to a GET without a record: senders use one to check that the endpoint exists."""

NO_KEY = ErrorAnswer(401, "failed to read writekey from query params")
WRONG_KEY = ErrorAnswer(401, "invalid write key")
WRONG_AUTHORIZATION = ErrorAnswer(401, "invalid authorization")
NOT_AUTHENTIC = ErrorAnswer(401, error_text.NOT_AUTHENTIC)
DISABLED = ErrorAnswer(404, "source is disabled")
NOT_FOUND = ErrorAnswer(404, "404 page not found")
TOO_LONG = ErrorAnswer(413, "request size exceeds max limit")
FORM = ErrorAnswer(400, "error during parsing form")
MULTIFORM = ErrorAnswer(400, "error during parsing multiform")
EMPTY = ErrorAnswer(400, "empty batch payload")
FAILED = ErrorAnswer(500, "internal error")
BUSY = ErrorAnswer(503, "the gateway is busy: try again", retry_after=5)
NOT_STORED = ErrorAnswer(503, "the gateway cannot keep events now: try again", retry_after=30)
NOT_STARTED = ErrorAnswer(503, "the gateway is not started: its lifespan does not run", retry_after=30)

_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_CLOSE = (b"connection", b"close")
"""For answers to calls whose body may be unread: the server closes the connection, and the sender must know."""


async def send_answer(send: Send, answer: Answer) -> int:
    """Send an answer, and return its status."""
    if isinstance(answer, ErrorAnswer):
        await send_error(send, answer)
        return answer.status
    headers = [(b"content-type", answer.content_type.encode())] if answer.content_type else []
    await _send(send, HTTPStatus.OK, answer.body, headers)
    return HTTPStatus.OK.value  # a log would print the member in full


async def send_error(send: Send, error: ErrorAnswer) -> None:
    """Send an error."""
    headers = [_TEXT, _NOSNIFF]
    if error.status != HTTPStatus.BAD_REQUEST:
        headers.append(_CLOSE)
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    await _send(send, error.status, f"{error.text}\n".encode(), headers)


async def send_not_allowed(send: Send) -> None:
    """Refuse a method other than GET and POST."""
    await _send(send, HTTPStatus.METHOD_NOT_ALLOWED, b"", [(b"allow", b"GET, POST"), _CLOSE])


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    start = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
