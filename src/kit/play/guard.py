"""Lets only the page that `springhead play` opened call its API."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ...server.page_security import LOCAL_NAMES, foreign_change, host_name, refusal, with_security_headers


class Guard:
    """Wraps the app, as ASGI middleware. The page itself holds nothing, and needs no token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = self._refusal(scope) or self._app
        await response(scope, receive, with_security_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if host_name(headers) not in LOCAL_NAMES:
            return refusal(403, "this host name is not allowed: use 127.0.0.1 or localhost")
        if scope["path"].startswith("/api/") and not self._is_authenticated(headers):
            return refusal(401, "open the address that springhead play printed: it holds the token")
        return foreign_change(scope["method"], headers)

    def _is_authenticated(self, headers: Headers) -> bool:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(credentials.strip().encode(), self._token)
