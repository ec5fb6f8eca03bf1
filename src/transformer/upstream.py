"""Passing a call on to a real rudder-transformer, as it comes in, and its answer back, as it comes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from starlette.types import Receive, Scope, Send

from ..core.codec import parse
from ..core.errors import InvalidJson

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer")
) | {b"transfer-encoding", b"upgrade"}
"""Headers that concern one connection only (RFC 9110, section 7.6.1)."""

_TIMEOUT = httpx.Timeout(connect=5, read=600, write=600, pool=60)
"""Seconds. A destination transform of a large batch is slow, and rudder-server keeps its own time."""

_log = structlog.get_logger()


class Upstream:
    """The rudder-transformer behind us, at a base URL."""

    def __init__(self, url: str) -> None:
        """Raises ValueError where the URL is none."""
        self._base = httpx.URL(url)
        if self._base.scheme not in ("http", "https") or not self._base.host:
            raise ValueError(f"{url!r} is no upstream: give a URL such as http://transformer:9090")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=4)
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT, limits=limits, follow_redirects=False, trust_env=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def features(self) -> tuple[int, dict[str, Any]]:
        """What the upstream answers to `/features`: its status, and the object it says."""
        try:
            response = await self._client.get(self._at(b"/features"), timeout=30)
            said = parse(response.content) if response.status_code == 200 else {}  # noqa: PLR2004 - HTTP's OK
        except (httpx.HTTPError, InvalidJson) as error:
            _log.warning("the upstream does not say its features", error=type(error).__name__)
            return 503, {}
        return response.status_code, said if isinstance(said, dict) else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on. The answer is the upstream's, or 502 or 504 where there is none."""
        headers = [
            (name, value) for name, value in scope["headers"] if name not in _HOP_BY_HOP and name != b"host"
        ]
        bodiless = not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        request = self._client.build_request(
            scope["method"],
            self._at(_target(scope)),
            headers=headers,
            content=None if bodiless else _body(receive),
        )
        started = False
        try:
            response = await self._client.send(request, stream=True)
            try:
                await _start(send, response.status_code, _kept(response.headers.raw))
                started = True
                async for part in response.aiter_raw():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            _log.warning("the upstream failed", path=_shown(scope["path"]), error=type(error).__name__)
            if started:
                raise  # what has begun can only be cut off
            late = isinstance(error, httpx.TimeoutException)
            text = b"the upstream did not answer in time" if late else b"the upstream cannot be reached"
            await _start(send, 504 if late else 502, [(b"content-type", b"text/plain; charset=utf-8")])
            await send({"type": "http.response.body", "body": text})

    def _at(self, target: bytes) -> httpx.URL:
        return self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + target)


def _shown(path: str) -> str:
    """A path as it may stand in a log: what a terminal would act upon is escaped, as it is in a URL."""
    return quote(path, safe="/:@!$&'()*+,;=~", errors="replace")


def _target(scope: Scope) -> bytes:
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    return bytes(path + b"?" + query if query else path)


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
