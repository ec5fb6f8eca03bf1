"""Lets only the operator reach the admin app, and adds security headers to every response.

Where there is an admin_token, callers must present it. Pages of other sites in the operator's browser are kept
out by Origin, by a header they cannot send, and by Host, which reveals DNS rebinding.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ...server.page_security import (
    LOCAL_NAMES,
    foreign_change,
    host_name,
    refusal,
    with_security_headers,
)
from ..settings.model import GatewaySettings
from .sign_in import SignInPage
from .wrong_tokens import WrongTokens

SESSION_COOKIE = "springhead_admin"
PUBLIC_PATHS = ("/health", "/ready", "/page.css")
"""Paths that need no token: they say nothing but whether the gateway is up."""


class AuthMiddleware:
    """Wraps the admin app, as ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app = app
        self._sign_in = SignInPage()
        self._wrong_tokens = WrongTokens()
        self._hosts = _allowed_hosts(settings.admin_address[0])
        token = settings.admin_token
        self._token = None if token is None else token.get_secret_value().encode()
        self._session = b"" if self._token is None else _session_of(self._token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = await self._response(scope, receive) or self._app
        await response(scope, receive, with_security_headers(send))

    async def _response(self, scope: Scope, receive: Receive) -> Response | None:
        """The response to a call that does not reach the app; None if the app responds."""
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        if path in PUBLIC_PATHS:
            return None
        if self._hosts is not None and host_name(headers) not in self._hosts:
            return refusal(403, "this host name is not allowed: use localhost, or the host in `admin`")
        if self._token is not None:
            address = str((scope.get("client") or ("",))[0])
            if (path, method) == ("/", "POST"):
                posted = await self._sign_in.posted_token(scope, receive)
                return await self._signed_in(posted, self._token, address)
            if not await self._is_authenticated(headers, self._token, address):
                return self._sign_in.response(has_failed=False) if path == "/" else _unauthenticated()
        return foreign_change(method, headers)

    async def _is_authenticated(self, headers: Headers, token: bytes, address: str) -> bool:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        bearer = credentials.strip().encode() if scheme.lower() == "bearer" else b""
        cookie = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE, "").encode()
        # Both are always compared, so that the time taken does not say which one was presented.
        if any([hmac.compare_digest(bearer, token), hmac.compare_digest(cookie, self._session)]):
            return True
        if bearer or cookie:
            await self._wrong_tokens.add(address)
        return False

    async def _signed_in(self, posted: bytes, token: bytes, address: str) -> Response:
        """A session for the right token, else the form again."""
        if not hmac.compare_digest(posted, token):
            await self._wrong_tokens.add(address)
            return self._sign_in.response(has_failed=True)
        response = RedirectResponse("./", 303)
        response.set_cookie(SESSION_COOKIE, self._session.decode(), httponly=True, samesite="strict")
        return response


def _session_of(token: bytes) -> bytes:
    """The session cookie: derived from the token, which it does not reveal and with which it expires."""
    return hmac.digest(token, b"a session of springhead's admin page", "sha256").hex().encode()


def _allowed_hosts(host: str) -> frozenset[str] | None:
    """The host names a call may use; None allows any, if the address is open to all and asks for a token."""
    try:
        is_unspecified = ip_address(host).is_unspecified
    except ValueError:
        is_unspecified = False
    return None if is_unspecified else LOCAL_NAMES | {host.lower()}


def _unauthenticated() -> Response:
    response = refusal(
        401, "this needs the header Authorization: Bearer, with the admin_token of springhead.toml"
    )
    response.headers["www-authenticate"] = "Bearer"
    return response
