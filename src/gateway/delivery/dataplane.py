"""A RudderStack data plane as destination: batches to `POST /v1/batch`, its answers as ours.

https://www.rudderstack.com/docs/api/http-api/#12-batch
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from .destination import Accepted, Answer, Refused, Retry
from .said import Said

LONGEST_WAIT = 3600.0
"""Seconds waited at most where a data plane asks for more."""

_BEGIN, _END = b'{"batch":[', b'],"sentAt":"2026-08-19T10:15:00.123Z"}'
ENVELOPE = len(_BEGIN + _END)
"""Bytes of a request's body around its events."""

_KEPT = 4_000
"""Bytes of an answer looked at, and inflated to, at most."""
_ANSWER = 1 << 20
"""Bytes of an answer read at most."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_INLINE = 1 << 14
"""Bytes up to which gzip is faster than the way to a thread and back."""

_RETRIED = frozenset({408, 425, 429})
_MISPLACED = frozenset({401, 403, 404, 405, 407})
# "Invalid Authorization Header" is documented as a 400.
_ABOUT_THE_KEY = re.compile(r"write ?key|authorization header", re.IGNORECASE)


class DataPlane:
    """Posts to a data plane, each source with its own write key."""

    def __init__(
        self,
        url: str,
        keys: Mapping[str, str],
        *,
        timeout: float,
        compress: bool,
        connections: int,
    ) -> None:
        self._url = url.rstrip("/") + "/v1/batch"
        self._said = Said(keys.values())
        self._headers = {source: _headers(key, compress) for source, key in keys.items()}
        self._timeout, self._compress = timeout, compress
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.AsyncClient(timeout=timeout, limits=limits)

    async def send(self, source: str, events: Sequence[bytes]) -> Answer:
        """Post one batch; redirects are not followed, for they would take the write key elsewhere."""
        headers = self._headers.get(source)
        if headers is None:
            return Refused(None, f"no [[source]] is called {source!r}: its write key is not known", always=True)
        body = await self._body(events)
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                text = await _text(response)
        except (TimeoutError, httpx.TimeoutException):
            return Retry(None, "timeout")
        except httpx.HTTPError as error:
            return Retry(None, type(error).__name__)
        if 200 <= response.status_code < 300:  # noqa: PLR2004 - what success is
            return Accepted()
        is_about_key = response.status_code == 400 and _ABOUT_THE_KEY.search(text) is not None  # noqa: PLR2004
        said = self._said.shown(text, events)
        return _failure(response.status_code, response.headers.get("retry-after"), said, is_about_key)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _body(self, events: Sequence[bytes]) -> bytes:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        body = b"".join((_BEGIN, b",".join(events), f'],"sentAt":"{now}Z"}}'.encode()))
        if not self._compress:
            return body
        if len(body) <= _INLINE:
            return gzip.compress(body, 1, mtime=0)
        return await asyncio.to_thread(gzip.compress, body, 1, mtime=0)


def retry_after(header: str | None) -> float | None:
    """Seconds to wait, from a Retry-After header in either of its forms (RFC 9110, section 10.2.3)."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(text)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # a year or a zone may be of any length
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _headers(key: str, compress: bool) -> dict[str, str]:
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "springhead",
    }
    return headers | {"Content-Encoding": "gzip"} if compress else headers


async def _text(response: httpx.Response) -> str:
    """The answer's beginning; read to its end, because one that is cut off says nothing, as a 2xx too."""
    kept, size = b"", 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        kept += chunk[: _KEPT - len(kept)]
        if size > _ANSWER:
            break
    return " ".join(
        _inflated(kept, response.headers.get("content-encoding", "")).decode("utf-8", "replace").split()
    )


def _inflated(raw: bytes, encoding: str) -> bytes:
    """The beginning of a body that came in spite of `Accept-Encoding: identity`: a little of it may be much."""
    if encoding.strip().lower() in ("", "identity"):
        return raw
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(raw, _KEPT)
    except zlib.error:
        return b""


def _failure(status: int, wait: str | None, said: str, is_about_key: bool) -> Answer:
    if status >= 500 or status in _RETRIED:  # noqa: PLR2004 - the server's own failures
        return Retry(retry_after(wait), f"status {status}", said, status)
    return Refused(status, said, always=status < 400 or status in _MISPLACED or is_about_key)  # noqa: PLR2004
