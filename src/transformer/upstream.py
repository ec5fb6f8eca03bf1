"""Passes requests on to a real rudder-transformer, and its responses back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from ..core.codec import parse
from ..core.errors import InvalidJson
from ..server.plain_http import no_trust

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer")
) | {b"transfer-encoding", b"upgrade"}
"""Headers that concern one connection only (RFC 9110, section 7.6.1)."""

_TIMEOUT = httpx.Timeout(connect=5, read=600, write=600, pool=60)
"""Seconds. A destination transform of a large batch is slow, and rudder-server has timeouts of its own."""
_FEATURES_TIMEOUT = 30

_Headers: TypeAlias = list[tuple[bytes, bytes]]

_log = structlog.get_logger()


class Upstream:
    """The rudder-transformer at a base URL."""

    def __init__(self, url: str) -> None:
        """Raises ValueError if the URL is not one."""
        self._base = httpx.URL(url)
        if self._base.scheme not in ("http", "https") or not self._base.host:
            raise ValueError(f"{url!r} is not a URL: name the upstream as in http://transformer:9090")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=4)
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT,
            limits=limits,
            follow_redirects=False,
            trust_env=False,
            verify=True if self._base.scheme == "https" else no_trust(),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def features(self) -> tuple[int, dict[str, Any]]:
        """The upstream's answer to `/features`: the status, and the object."""
        try:
            response = await self._client.get(self._url(b"/features"), timeout=_FEATURES_TIMEOUT)
            features = parse(response.content) if response.status_code == HTTPStatus.OK else {}
        except (httpx.HTTPError, InvalidJson) as error:
            _log.warning("the upstream does not answer /features", error=type(error).__name__)
            return HTTPStatus.SERVICE_UNAVAILABLE, {}
        return response.status_code, features if isinstance(features, dict) else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; if the upstream does not answer, the response is 502 or 504."""
        started = False
        try:
            response = await self._client.send(self._request(scope, receive), stream=True)
            try:
                await _start(send, response.status_code, _end_to_end(response.headers.raw))
                started = True
                async for part in response.aiter_raw():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            _log.warning("the upstream failed", path=_printable(scope["path"]), error=type(error).__name__)
            if started:
                raise  # a response that has begun can only be cut off
            await _refuse(send, error)
        except ClientDisconnect:
            _log.info("a caller hung up", path=_printable(scope["path"]))

    def _request(self, scope: Scope, receive: Receive) -> httpx.Request:
        headers = [(name, value) for name, value in _end_to_end(scope["headers"]) if name != b"host"]
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        content = _body(receive) if has_body else None
        return self._client.build_request(
            scope["method"], self._url(_target(scope)), headers=headers, content=content
        )

    def _url(self, target: bytes) -> httpx.URL:
        return self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + target)


def _printable(path: str) -> str:
    """A path as it may be logged: escaped as in a URL, so that it cannot control a terminal."""
    return quote(path, safe="/:@!$&'()*+,;=~", errors="replace")


def _target(scope: Scope) -> bytes:
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    return bytes(path + b"?" + query if query else path)


def _end_to_end(headers: _Headers) -> _Headers:
    return [(name.lower(), value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect  # the upstream must not mistake a part for the whole
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _start(send: Send, status: int, headers: _Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _refuse(send: Send, error: httpx.HTTPError) -> None:
    """Say that the upstream does not answer."""
    late = isinstance(error, httpx.TimeoutException)
    text = b"the upstream did not answer in time" if late else b"the upstream cannot be reached"
    status = HTTPStatus.GATEWAY_TIMEOUT if late else HTTPStatus.BAD_GATEWAY
    await _start(send, status, [(b"content-type", b"text/plain; charset=utf-8")])
    await send({"type": "http.response.body", "body": text})
