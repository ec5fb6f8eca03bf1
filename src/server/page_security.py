"""Protects a page served to a browser from the other sites that are open in it.

`Host` reveals DNS rebinding, and a change needs a header that pages of other sites cannot send.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Send

CHANGE_HEADER = "x-springhead"
"""Must be 1 in a call that changes something."""
LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Trusted Types make the browser refuse markup made from text: what a sender sent stays text.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def with_security_headers(send: Send) -> Send:
    """Return a `send` that adds security headers to the response."""

    async def send_secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_SECURITY_HEADERS)
        await send(message)

    return send_secured


def host_name(headers: Headers) -> str:
    """The host that a call names, without the port; empty if it names none."""
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def foreign_change(method: str, headers: Headers) -> Response | None:
    """The refusal of a call that changes something and may come from another site's page, else None."""
    origin = headers.get("origin")
    is_same = origin is None or origin.partition("://")[2] == headers.get("host")
    if method in _SAFE_METHODS or (is_same and headers.get(CHANGE_HEADER) == "1"):
        return None
    return refusal(403, f"a call that changes something needs {CHANGE_HEADER}: 1, and no foreign Origin")


def refusal(status: int, reason: str) -> Response:
    """A response that says why a call is refused."""
    return JSONResponse({"error": reason}, status)
