"""Reads query strings as rudder-server does, and keeps write keys out of whatever is stored or mapped."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote_plus, unquote_to_bytes

_WRITE_KEY = b"writeKey"
_MALFORMED = re.compile(rb";|%(?![0-9a-fA-F]{2})")


def is_malformed(pairs: bytes) -> bool:
    """Whether rudder-server rejects a query, a form or one pair of it: a `;`, or a `%` without two digits."""
    return _MALFORMED.search(pairs) is not None


def write_key(query: bytes) -> str:
    """The value of the first well-formed `writeKey`; later ones do not count."""
    for pair in query.split(b"&"):
        if _is_write_key(pair) and not is_malformed(pair):
            return unquote_plus(pair.partition(b"=")[2].decode("latin-1"))
    return ""


def without_write_key(query: bytes) -> bytes:
    """The query as sent, except for its write keys."""
    return b"&".join(pair for pair in query.split(b"&") if pair and not _is_write_key(pair))


def parse_query(query: bytes) -> dict[str, list[str]]:
    """The values of a query by name; malformed pairs are left out."""
    pairs = b"&".join(pair for pair in query.split(b"&") if not is_malformed(pair))
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(pairs.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values


def _is_write_key(pair: bytes) -> bool:
    name = pair.partition(b"=")[0]
    return name == _WRITE_KEY or (b"%" in name and unquote_to_bytes(name) == _WRITE_KEY)
