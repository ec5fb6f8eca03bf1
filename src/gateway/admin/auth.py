"""The guard of the admin address: a call in; passed on, or refused, and no answer without its security headers.

It keeps off foreign pages in the operator's browser (by Origin, by a header they cannot send, and by Host,
which a rebound name gives away), and whoever has no token where there is one.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..settings.model import GatewaySettings
from .sign_in import SignIn, posted_token

COOKIE = "springhead_admin"
"""The session cookie's name."""
CHANGE = "x-springhead"
"""The header of a call that changes something."""
OPEN = ("/health", "/ready")
"""What everybody may call: it tells nothing but whether the gateway is up."""
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SAFE = ("GET", "HEAD", "OPTIONS")

_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Stands before the admin app, as an ASGI app."""

    def __init__(self, app: ASGIApp, gateway: GatewaySettings, policy: str, sign_in: SignIn) -> None:
        """`policy` is the Content-Security-Policy of the pages there are."""
        self._app = app
        self._sign_in = sign_in
        self._headers = {**_HEADERS, "content-security-policy": policy}
        self._hosts = _names(gateway.admin_address[0])
        token = gateway.admin_token
        self._token = None if token is None else token.get_secret_value().encode()
        self._session = b"" if self._token is None else _session(self._token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        answer = await self._answer(scope, receive) or self._app
        await answer(scope, receive, guarded)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        if path in OPEN:
            return None
        if self._hosts is not None and _host(headers.get("host", "")) not in self._hosts:
            return _refused(
                403, "this address is not called by that name: use localhost, or the one in `admin`"
            )
        if self._token is not None and (path, scope["method"]) == ("/", "POST"):
            return self._signed_in(await posted_token(scope, receive), self._token)
        if self._token is not None and not self._is_known(headers):
            return self._sign_in.page(again=False) if path == "/" else _unknown()
        if scope["method"] not in _SAFE and not _is_ours(headers):
            return _refused(
                403, f"a call that changes something needs the header {CHANGE}: 1, and no other Origin"
            )
        return None

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        bearer = given.strip().encode() if scheme.lower() == "bearer" else b""
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "").encode()
        known = hmac.compare_digest(bearer, self._token or b""), hmac.compare_digest(cookie, self._session)
        return any(known)

    def _signed_in(self, given: bytes, token: bytes) -> Response:
        """A session for whoever gives the token, which a foreign page cannot; the question again to others."""
        if not hmac.compare_digest(given, token):
            return self._sign_in.page(again=True)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, self._session.decode(), httponly=True, samesite="strict")
        return answer


def _session(token: bytes) -> bytes:
    """What the cookie holds: worth nothing where the token is another, and not the token."""
    return hmac.digest(token, b"a session of springhead's admin page", "sha256").hex().encode()


def _names(host: str) -> frozenset[str] | None:
    """The names the address may be called by; None where it listens on all of them, and asks for a token."""
    try:
        everywhere = ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return None if everywhere else frozenset((*_LOCAL, host.lower()))


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_ours(headers: Headers) -> bool:
    origin = headers.get("origin")
    same = origin is None or origin.partition("://")[2] == headers.get("host")
    return same and headers.get(CHANGE) == "1"


def _unknown() -> Response:
    answer = _refused(
        401, "this needs the header Authorization: Bearer, with the admin_token of springhead.toml"
    )
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _refused(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status)
