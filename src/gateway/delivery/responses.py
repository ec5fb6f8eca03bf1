"""Interprets what a data plane responds, and why one cannot be connected to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from .destination import Accepted, Answer, Failed, Refused, Throttled, Unauthorized

MAX_WAIT = 3600.0
"""Seconds waited at most, even if a data plane asks for more."""

_KEPT = 1_000
"""Characters of a text that are kept at most."""
_THROTTLED = frozenset({408, 425, 429})
_UNAUTHORIZED = frozenset({401, 404, 405, 407})
_CONNECTION_FAILURES: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "unknown host"),
    (ConnectionRefusedError, "connection refused"),
    (ssl.SSLCertVerificationError, "untrusted certificate"),
    (ssl.SSLError, "TLS failed"),
    (httpx.ConnectTimeout, "connecting timed out"),
)


def answer_of(status: int, headers: Mapping[str, str], text: str) -> Answer:
    """What a response means for the batch; the beginning of its text is kept."""
    reason = f"status {status}"
    after = retry_after(headers.get("retry-after"))
    if 200 <= status < 300:  # noqa: PLR2004 - what success is
        problem = _problem(headers.get("content-type", ""), text)
        return Unauthorized(f"{reason} with {problem}") if problem else Accepted()
    if status in _THROTTLED or (status >= 500 and after is not None):  # noqa: PLR2004 - the server's own failures
        return Throttled(reason, after)
    if status >= 500:  # noqa: PLR2004 - as above
        return Failed(reason, status, text[:_KEPT])
    if status < 400 or status in _UNAUTHORIZED:  # noqa: PLR2004 - a redirect
        return Unauthorized(reason)
    return Refused(status, text[:_KEPT])


def connection_failure(error: httpx.HTTPError) -> str:
    """Why connecting failed, in a few words."""
    causes = list(_causes(error))
    for kind, words in _CONNECTION_FAILURES:
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return type(error).__name__


def retry_after(header: str | None) -> float | None:
    """Seconds to wait, from a Retry-After header in either of its forms (RFC 9110, section 10.2.3)."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_WAIT)
    try:
        when = parsedate_to_datetime(text)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # a year or a zone may have any length
        return None
    return min(max(seconds, 0.0), MAX_WAIT)


def _problem(content_type: str, text: str) -> str:
    """What in a response with 2xx shows that no data plane has accepted the batch; empty if nothing does."""
    if "html" in content_type.lower() or text.removeprefix("\ufeff").startswith("<"):
        return "a web page"
    try:
        content = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return ""
    return "an error" if isinstance(content, dict) and content.get("error") else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__
