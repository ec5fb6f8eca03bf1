"""A sender's call: ASGI in; what a mapping reads of it, and what is kept of it, out. Never a write key."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_plus

from msgspec.structs import replace
from starlette.types import Scope

from ..core.request import Request
from .keys import WRITE_KEY
from .store import Call

_NEVER_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})


def request_of(scope: Scope, body: bytes) -> Request:
    """The call as mappings and plugins see it: headers and query by name, without the write key."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    pairs = [pair for pair in scope["query_string"].decode("latin-1").split("&") if pair and not _is_key(pair)]
    text = "&".join(pairs)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    url = scope["path"] + (f"?{text}" if text else "")
    return Request(body, headers, query, scope["method"], url)


def with_json(request: Request, body: bytes) -> Request:
    """The same call with a form's body turned into JSON, and its content type told so."""
    headers = {**request.headers, "content-type": ["application/json"]}
    return replace(request, body=body, headers=headers)


def kept(request: Request) -> Call:
    """The call as it is kept beside a dead letter: without the headers that let it in."""
    headers = {name: list(values) for name, values in request.headers.items() if name not in _NEVER_KEPT}
    query = {name: list(values) for name, values in request.query.items()}
    return Call(request.method, request.url, headers, query, request.body, request.id)


def replayed(call: Call | None, record: bytes) -> Request:
    """The request a kept record came in, with the record alone as its body."""
    if call is None:
        return Request(record)
    return Request(record, call.headers, call.query, call.method, call.url, call.id)


def _is_key(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]) == WRITE_KEY
