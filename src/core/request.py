"""A request: what one HTTP call brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

Values: TypeAlias = Mapping[str, "str | list[str]"]
"""Header or query values by name: text, or a list of texts if a name came several times."""

_CREDENTIALS = {
    "headers": frozenset(
        {
            *("authorization", "cookie", "proxy-authorization", "api-key"),
            *("x-api-key", "x-auth-token", "x-access-token"),
        }
    ),
    "query": frozenset({"writekey"}),
}


def is_credential(part: str, name: str) -> bool:
    """Whether a header or a query value says who may call, not what happened: no mapping reads it.

    Args:
        part: `headers` or `query`.
        name: its name, in any case.
    """
    return name.lower() in _CREDENTIALS[part]


class Request(msgspec.Struct, frozen=True):
    """One HTTP call of a sender.

    Attributes:
        body: the bytes as posted, decompressed.
        headers: text, or a list of texts, by name.
        query: the same, for the values of the query.
        method: the HTTP method.
        url: path and query, as called.
        id: the caller's id of this call. It tells apart records that have neither an id nor a time of their own
            and are otherwise equal; a retry of such a record is the same message only if this is the same.
        received_at: when it arrived, in epoch seconds; by default the time at which it is verified. A
            signature's timestamp is compared with it.
    """

    body: bytes = b""
    headers: Values = {}
    query: Values = {}
    method: str = "POST"
    url: str = ""
    id: str = ""
    received_at: float | None = None

    def __post_init__(self) -> None:
        """Raise TypeError for a value of the wrong type, so that a mistake shows where it was made."""
        if self.body.__class__ is not bytes:
            raise TypeError(f"the body of a Request must be bytes, as posted, not {type(self.body).__name__}")
        if self.received_at is not None and not isinstance(self.received_at, float | int):
            name = type(self.received_at).__name__
            raise TypeError(f"received_at of a Request must be a number of epoch seconds, not {name}")

    def as_json(self) -> dict[str, Any]:
        """Return the request as JSON, without its body: lower-case header names, single values as text."""
        return {
            "headers": {_text(name).lower(): _value(value) for name, value in self.headers.items()},
            "query": {_text(name): _value(value) for name, value in self.query.items()},
            "method": _text(self.method),
            "url": _text(self.url),
        }


class RequestContext(msgspec.Struct, frozen=True):
    """What the records of one request share.

    Attributes:
        id: the caller's id of the request.
        request: what `$request` reads.
        has_headers: whether headers came with the request, read or not.
        occurrences: counts the records without an id of their own, by the digest of their content.
    """

    id: str
    request: dict[str, Any]
    has_headers: bool = True
    occurrences: dict[str, int] = {}


def _value(value: str | list[str]) -> str | list[str]:
    if isinstance(value, str):
        return _text(value)
    return _text(value[0]) if len(value) == 1 else [_text(element) for element in value]


def _text(value: str) -> str:
    """Replace lone surrogates, to which servers decode odd header bytes, and which UTF-8 cannot hold."""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
