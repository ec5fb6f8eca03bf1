"""Parses query strings as rudder-server does."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

_MALFORMED = re.compile(rb";|%(?![0-9a-fA-F]{2})")


def is_malformed(pairs: bytes) -> bool:
    """Whether rudder-server rejects a query, a form or one pair of it: a `;`, or a `%` without two digits."""
    return _MALFORMED.search(pairs) is not None


def parse_query(query: bytes) -> dict[str, list[str]]:
    """Parse the values of a query by name; malformed pairs are left out."""
    pairs = b"&".join(pair for pair in query.split(b"&") if not is_malformed(pair))
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(pairs.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values
