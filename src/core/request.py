"""What one HTTP call brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

Values: TypeAlias = Mapping[str, "str | list[str]"]
"""Header or query values by name: text, or a list where a name came several times."""

CREDENTIALS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "api-key", "x-api-key", "x-auth-token", "x-access-token"}
)
"""Headers that say who may call, not what happened: plugins see them, a mapping never does."""


class Request(msgspec.Struct, frozen=True):
    """One HTTP call of a sender's.

    Args:
        body: the bytes as posted, decompressed.
        headers, query: text, or a list of texts, by name.
        method, url: as called; `url` is path and query.
        id: the caller's own id of this call, the same when the sender tries again. It keeps apart records that
            bring no id of their own and are otherwise the same.
    """

    body: bytes = b""
    headers: Values = {}
    query: Values = {}
    method: str = "POST"
    url: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        """Raises TypeError where the body is no bytes: a caller's mistake, told where it is made."""
        if self.body.__class__ is not bytes:
            raise TypeError(f"the body of a Request is bytes, as posted, not {type(self.body).__name__}")

    def as_read(self) -> dict[str, Any]:
        """What `$request` reads: header names in lower case, one value as itself; no credentials."""
        headers = {_text(name).lower(): _single(value) for name, value in self.headers.items()}
        return {
            "headers": {name: value for name, value in headers.items() if name not in CREDENTIALS},
            "query": {_text(name): _single(value) for name, value in self.query.items()},
            "method": _text(self.method),
            "url": _text(self.url),
        }


def _single(value: str | list[str]) -> str | list[str]:
    if isinstance(value, str):
        return _text(value)
    return _text(value[0]) if len(value) == 1 else [_text(one) for one in value]


def _text(value: str) -> str:
    """Text that UTF-8 can hold: servers decode odd header bytes to lone surrogates."""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
