"""Answers senders in the texts, headers and statuses of RudderStack's own gateway."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from starlette.types import Send

from ...http.answers import Answer, error

IGNORED = Answer(200, b"", "")
"""The answer to a GET without a record: senders use one to check that the endpoint exists."""

NO_KEY = error(401, "failed to read writekey from query params")
WRONG_KEY = error(401, "invalid write key")
WRONG_AUTHORIZATION = error(401, "invalid authorization")
DISABLED = error(404, "source is disabled")
FORM = error(400, "error during parsing form")
MULTIFORM = error(400, "error during parsing multiform")
EMPTY = error(400, "empty batch payload")
BUSY = error(503, "the gateway is busy: try again", retry_after=5)
NOT_STORED = error(503, "the gateway cannot keep events now: try again", retry_after=30)
NOT_STARTED = error(503, "the gateway is not started: its lifespan does not run", retry_after=30)

_BODY_IS_READ = (HTTPStatus.OK, HTTPStatus.BAD_REQUEST)
_CLOSE = (b"connection", b"close")
"""For answers to calls whose body may be unread: the server closes the connection, and the sender must know."""


async def send_answer(send: Send, answer: Answer) -> None:
    """Send an answer."""
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    if answer.status not in _BODY_IS_READ:
        headers.append(_CLOSE)
    await _send(send, answer.status, answer.body, headers)


async def send_not_allowed(send: Send, methods: Iterable[str]) -> None:
    """Refuse a method other than these."""
    allow = ", ".join(sorted(methods)).encode()
    await _send(send, HTTPStatus.METHOD_NOT_ALLOWED, b"", [(b"allow", allow), _CLOSE])


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    start = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
