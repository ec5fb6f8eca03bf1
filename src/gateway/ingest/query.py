"""Reads write keys from queries as rudder-server does, and keeps them out of whatever is stored or mapped."""

from __future__ import annotations

from urllib.parse import unquote_plus, unquote_to_bytes

from ...http.query import is_malformed

_WRITE_KEY = b"writeKey"


def write_key(query: bytes) -> str:
    """The value of the first well-formed `writeKey`; later ones do not count."""
    for pair in query.split(b"&"):
        if _is_write_key(pair) and not is_malformed(pair):
            return unquote_plus(pair.partition(b"=")[2].decode("latin-1"))
    return ""


def without_write_key(query: bytes) -> bytes:
    """The query as sent, except for its write keys."""
    return b"&".join(pair for pair in query.split(b"&") if pair and not _is_write_key(pair))


def _is_write_key(pair: bytes) -> bool:
    name = pair.partition(b"=")[0]
    return name == _WRITE_KEY or (b"%" in name and unquote_to_bytes(name) == _WRITE_KEY)
