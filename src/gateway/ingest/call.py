"""Holds one call as its sender made it, and what mappings, plugins and the store may see of it."""

from __future__ import annotations

import re
import time
from functools import cached_property
from ipaddress import IPv6Address

import msgspec
from starlette.types import Scope
from uuid_utils import uuid4

from ...core.request import Request
from ...core.request_filter import RequestFilter
from ...http.query import parse_query
from ...http.request import headers_by_name
from ..storage.records import StoredCall
from .query import without_write_key

_JSON = "application/json"
_NAME = "".join(f"(?:{one}|%(?:25)*(?:{ord(one):x}|{ord(one.upper()):x}))" for one in "writekey=")
_KEY_IN_HEADER = re.compile(rf"(?i)({_NAME})[^&#\s\"'<>]*")
"""A write key in a header in which a proxy repeats the URL; any of it may be percent-encoded, even twice."""
_MAX_ADDRESS_LENGTH = 100
"""Characters of the longest address accepted: a longer one could make an event too long to deliver."""


class WebhookCall(msgspec.Struct, frozen=True, dict=True):
    """A call as posted. Its headers and query are parsed when first read: most sources need the body alone.

    Attributes:
        scope: the ASGI scope.
        body: the bytes as posted, inflated.
        received_at: in epoch seconds.
        id: the gateway's own id of the call.
    """

    scope: Scope
    body: bytes
    received_at: float = msgspec.field(default_factory=time.time)
    id: str = msgspec.field(default_factory=lambda: str(uuid4()))

    @property
    def content_type(self) -> str:
        """The Content-Type header; empty if there is none."""
        values = (value for name, value in self.scope["headers"] if name == b"content-type")
        return next(values, b"").decode("latin-1")

    @property
    def query_string(self) -> bytes:
        """The query as sent, with the write key."""
        query: bytes = self.scope["query_string"]
        return query

    @property
    def address(self) -> str:
        """The sender's address, without a port: the first one in `X-Forwarded-For`, else the peer's."""
        for name, value in self.scope["headers"]:
            if name == b"x-forwarded-for":
                first: str = value.decode("latin-1").split(",")[0].replace(" ", "")
                if len(first) <= _MAX_ADDRESS_LENGTH and (address := _without_port(first)):
                    return address
        client = self.scope.get("client")
        return _as_ipv4(str(client[0])) if client else ""

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name, without the write key."""
        return parse_query(without_write_key(self.query_string))

    @cached_property
    def url(self) -> str:
        """Path and query, without the write key."""
        query = without_write_key(self.query_string).decode("latin-1")
        return f"{self.scope['path']}?{query}" if query else str(self.scope["path"])

    @cached_property
    def headers(self) -> dict[str, list[str]]:
        """The headers' values by name in lower case, without write keys."""
        return {name: [_without_key(text) for text in values] for name, values in self._posted_headers.items()}

    @cached_property
    def _posted_headers(self) -> dict[str, list[str]]:
        return headers_by_name(self.scope["headers"])

    def posted(self) -> Request:
        """The call whole, as its sender signed it."""
        path, query = self.scope["path"], self.query_string
        url = f"{path}?{query.decode('latin-1')}" if query else path
        method, headers = self.scope["method"], self._posted_headers
        return Request(self.body, headers, parse_query(query), method, url, self.id, self.received_at)

    def request(self, body: bytes) -> Request:
        """The call with this body, without write keys."""
        headers = self._headers_with(body)
        return Request(body, headers, self.query, self.scope["method"], self.url, self.id)

    def stored(self, body: bytes, filter_: RequestFilter) -> StoredCall:
        """The call as it is stored with this body."""
        headers, query = filter_.select_headers(self._headers_with(body)), filter_.select_query(self.query)
        return StoredCall(self.scope["method"], filter_.select_url(self.url), headers, query, body)

    def _headers_with(self, body: bytes) -> dict[str, list[str]]:
        """The headers with this body: the bytes as posted, or the JSON of a form, typed as JSON."""
        return self.headers if body is self.body else {**self.headers, "content-type": [_JSON]}


def _without_key(text: str) -> str:
    return _KEY_IN_HEADER.sub(r"\1", text) if "%" in text or "key" in text.lower() else text


def _without_port(address: str) -> str:
    """The address in `1.2.3.4:5678` or `[2001:db8::1]:5678`, which some proxies forward."""
    if address.startswith("["):
        return _as_ipv4(address[1:].partition("]")[0])
    return address.partition(":")[0] if address.count(":") == 1 else _as_ipv4(address)


def _as_ipv4(address: str) -> str:
    """The IPv4 address in `::ffff:1.2.3.4`, as which a socket for both kinds shows it; any other as it is."""
    if not address.lower().startswith("::ffff:"):
        return address
    try:
        return str(IPv6Address(address).ipv4_mapped or address)
    except ValueError:
        return address
