"""Delivers to a RudderStack data plane: batches to `POST /v1/batch`.

https://www.rudderstack.com/docs/api/http-api/#12-batch
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import ssl
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import certifi
import httpx

from ...server.plain_http import no_trust
from .destination import Answer, Failed, Unreachable
from .responses import answer_of, connection_failure

_BEGIN, _END = b'{"batch":[', b'],"sentAt":"2026-08-19T10:15:00.123Z"}'
ENVELOPE = len(_BEGIN + _END)
"""Bytes of a request's body around its events."""

_ANSWER = 1 << 20
"""The most bytes of an answer that are read."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_INLINE = 1 << 14
"""Bytes up to which compressing is faster than handing the body to a thread."""


class DataPlane:
    """Posts to a data plane, each source with its own write key."""

    def __init__(
        self,
        url: str,
        keys: Mapping[str, str],
        *,
        timeout: float,
        compress: bool,
        proxies: bool = False,
    ) -> None:
        """`proxies` uses those that the environment names."""
        self._url = url.rstrip("/") + "/v1/batch"
        self._timeout, self._compress = timeout, compress
        self._keys: set[str] = set()
        self._headers: dict[str, dict[str, str]] = {}
        self.use_keys(keys)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)  # lanes are the limit
        # Connecting times out first, to tell a data plane that cannot be reached from one that hangs.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout, connect=timeout / 2),
            limits=limits,
            verify=_ssl_context() if proxies or httpx.URL(url).scheme == "https" else no_trust(),
            trust_env=proxies,
        )

    def use_keys(self, keys: Mapping[str, str]) -> None:
        """As `Destination.use_keys`. Earlier keys are still masked, and sources that are gone keep theirs."""
        self._keys.update(keys.values())
        self._key_mask = WriteKeyMask(self._keys)
        self._headers |= {source: _headers(key, self._compress) for source, key in keys.items()}

    async def send(self, source: str, events: Sequence[bytes]) -> Answer:
        """Post one batch. Redirects are not followed: they would take the write key elsewhere."""
        body = await self._body(events)
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", self._url, content=body, headers=self._headers[source]) as response,
            ):
                text = await _text(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Unreachable(connection_failure(error))
        except (TimeoutError, httpx.TimeoutException):
            return Failed("timeout")
        except httpx.HTTPError as error:
            return Failed(type(error).__name__)
        return answer_of(response.status_code, response.headers, self._key_mask.masked(text))

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


def _ssl_context() -> ssl.SSLContext:
    """The context that trusts what SSL_CERT_FILE and SSL_CERT_DIR name, or else the usual authorities."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ:
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=certifi.where())


def _headers(key: str, compress: bool) -> dict[str, str]:
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "springhead",
    }
    return headers | {"Content-Encoding": "gzip"} if compress else headers


async def _text(response: httpx.Response) -> str:
    """The text of an answer, or its first `_ANSWER` bytes."""
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > _ANSWER:
            break
    text = _inflated(bytes(raw), response.headers.get("content-encoding", "")).decode("utf-8", "replace")
    return " ".join(text.split())


def _inflated(raw: bytes, encoding: str) -> bytes:
    """The beginning of an answer that is encoded in spite of `Accept-Encoding: identity`."""
    if encoding.strip().lower() in ("", "identity"):
        return raw
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(raw, _ANSWER)
    except zlib.error:
        return b""


class WriteKeyMask:
    """Masks write keys in what a data plane answers, however they are written."""

    def __init__(self, keys: Iterable[str]) -> None:
        written = {form for key in keys for form in _written_forms(key)}
        self._written = sorted(written, key=len, reverse=True)

    def masked(self, text: str) -> str:
        """The text with a mask in place of each key."""
        for form in self._written:
            text = text.replace(form, "<write key>")
        return text


def _written_forms(key: str) -> set[str]:
    """A key as it is, in a URL, and as Basic authentication has it."""
    basic = {base64.b64encode(f"{key}{colon}".encode()).decode() for colon in ("", ":")}
    return {key, quote(key, safe=""), *basic, *(form.rstrip("=") for form in basic)}
