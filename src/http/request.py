"""Makes requests of what web servers pass to an app.

A request holds the whole call, because plugins verify it: every header, and credentials too. The host lets a
mapping read only what its source names, and never a credential.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ..core.host import BODY_LIMIT
from ..core.request import Request
from .body_error import BodyError, cut_off, too_large
from .content_encoding import inflate
from .query import parse_query

_PATH = "/:@!$&'()*+,;=~"
"""Characters that stand for themselves in a path (RFC 3986, section 3.3)."""
_SIZE_DIGITS = 20
"""Digits enough for a length beyond any limit: Python refuses to read more than some thousand."""
_UNPREFIXED = ("CONTENT_TYPE", "CONTENT_LENGTH")
"""The headers that CGI names without `HTTP_`."""


async def read_chunks(chunks: AsyncIterable[bytes], limit: int = BODY_LIMIT) -> bytes:
    """Read a body that comes in chunks, such as Starlette's `request.stream()`.

    Args:
        chunks: the parts of the body, in order.
        limit: bytes of the longest body accepted; reading stops once it is passed.

    Raises:
        BodyError: 413 it is longer than the limit.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def request_from_asgi(
    scope: Mapping[str, Any],
    body: bytes,
    *,
    limit: int = BODY_LIMIT,
    id: str = "",  # noqa: A002 - the name of the field
) -> Request:
    """Make a request of an ASGI call, and inflate its body.

    A large body takes long to inflate and to map. Do both in a thread, as with `asyncio.to_thread`.

    Args:
        scope: of the call.
        body: the whole body, as it came in.
        limit: bytes of the longest body accepted, as sent and inflated.
        id: your id of the call: see `Request`.

    Raises:
        BodyError: 400, 413 or 415, as `inflate`.
    """
    headers = headers_by_name(scope["headers"])
    query = bytes(scope.get("query_string", b""))
    return Request(
        body=inflate(body, headers.get("content-encoding", [""])[-1], limit),
        headers=headers,
        query=parse_query(query),
        method=scope["method"],
        url=_url(_path_of_scope(scope), query.decode("latin-1")),
        id=id,
    )


def request_from_wsgi(
    environ: Mapping[str, Any],
    body: bytes | None = None,
    *,
    limit: int = BODY_LIMIT,
    id: str = "",  # noqa: A002 - the name of the field
) -> Request:
    """Make a request of a WSGI call: read its body, and inflate it.

    Args:
        environ: of the call.
        body: the whole body as it came in, if it was read before: `wsgi.input` can be read only once.
        limit: bytes of the longest body accepted, as sent and inflated. No more than that is read.
        id: your id of the call: see `Request`.

    Raises:
        BodyError: 400, 413 or 415, as `inflate`; 400 the body is cut off; 411 the server does not say where a
            chunked body ends.
    """
    if body is None:
        body = _read_input(environ, limit)
    query = environ.get("QUERY_STRING", "")
    path = _latin_1(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    return Request(
        body=inflate(body, environ.get("HTTP_CONTENT_ENCODING", ""), limit),
        headers=_headers_of_environ(environ),
        query=parse_query(_latin_1(query)),
        method=environ["REQUEST_METHOD"],
        url=_url(quote(path, safe=_PATH), query),
        id=id,
    )


def headers_by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    """Return the values of headers by name in lower case."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return values


def _headers_of_environ(environ: Mapping[str, Any]) -> dict[str, list[str]]:
    """The headers, of which WSGI servers join those that come several times with commas."""
    headers = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    headers |= {name: environ[name] for name in _UNPREFIXED if environ.get(name)}
    return {name.replace("_", "-").lower(): [value] for name, value in headers.items()}


def _read_input(environ: Mapping[str, Any], limit: int) -> bytes:
    """Read the body: as many bytes as its length says, or all if the server ends `wsgi.input` with the body."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        size = int(length.lstrip("0")[:_SIZE_DIGITS] or 0)
        if size > limit:
            raise too_large(limit)
        body = _read(environ, size)
        if len(body) < size:
            raise cut_off()
        return body
    if environ.get("wsgi.input_terminated"):
        return _read(environ, limit + 1)
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise BodyError(411, "Length Required", "this server reads no chunked bodies: send a Content-Length")
    return b""


def _read(environ: Mapping[str, Any], size: int) -> bytes:
    """Read up to `size` bytes; one call may return fewer."""
    body = bytearray()
    while len(body) < size and (chunk := environ["wsgi.input"].read(size - len(body))):
        body += chunk
    return bytes(body)


def _path_of_scope(scope: Mapping[str, Any]) -> str:
    """The path as called, if the server passes it; else an equivalent one."""
    raw: bytes | None = scope.get("raw_path")
    return quote(scope["path"], safe=_PATH, errors="replace") if raw is None else raw.decode("latin-1")


def _url(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _latin_1(text: str) -> bytes:
    """The bytes that WSGI passes as text (PEP 3333, "Unicode Issues")."""
    return text.encode("latin-1", "replace")
