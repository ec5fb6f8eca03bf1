"""Who calls: an ASGI call in, the source it may post to out, or the refusal rudder-server would give."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from urllib.parse import unquote_plus, unquote_to_bytes

from starlette.types import Scope

from ..settings import SourceSettings
from .responses import ErrorAnswer

NO_KEY = ErrorAnswer(401, "failed to read writekey from query params")
WRONG_KEY = ErrorAnswer(401, "invalid write key")
WRONG_AUTHORIZATION = ErrorAnswer(401, "invalid authorization")
DISABLED = ErrorAnswer(404, "source is disabled")

_WRITE_KEY = b"writeKey"
_MALFORMED = re.compile(rb";|%(?![0-9a-fA-F]{2})")


class Keys:
    """The sources by their write keys, which are looked up by a keyed digest: time tells nothing of them."""

    def __init__(self, sources: Iterable[SourceSettings]) -> None:
        self._secret = secrets.token_bytes(32)
        self._sources = {
            self._digest(key.get_secret_value()): source for source in sources for key in source.write_key
        }

    def source(self, scope: Scope) -> SourceSettings | ErrorAnswer:
        """The source a call is for: by the query's first `writeKey`, or where that is empty by Basic's user."""
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        key = _first_key(scope["query_string"]) or _basic_user(authorization)
        if not key:
            return NO_KEY
        source = self._sources.get(self._digest(key))
        if source is None:
            return WRONG_KEY
        if source.authorization is not None:
            wanted = source.authorization.get_secret_value().encode()
            if not hmac.compare_digest(authorization, wanted):
                return WRONG_AUTHORIZATION
        return source if source.enabled else DISABLED

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), key=self._secret).digest()


def names_key(pair: bytes) -> bool:
    """Whether a pair of a query, as it came, is its write key."""
    name = pair.partition(b"=")[0]
    return name == _WRITE_KEY or (b"%" in name and unquote_to_bytes(name) == _WRITE_KEY)


def is_malformed(form: bytes) -> bool:
    """Whether rudder-server does not read a query, a form or a pair: it has a `;`, or a `%` without digits."""
    return _MALFORMED.search(form) is not None


def _first_key(query: bytes) -> str:
    """The value of the first `writeKey`: only that one counts, and what is malformed is none."""
    keys = (pair for pair in query.split(b"&") if names_key(pair) and not is_malformed(pair))
    first = next(keys, b"")
    return unquote_plus(first.partition(b"=")[2].decode("latin-1"))


def _basic_user(authorization: bytes) -> str:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return ""
    try:
        return (
            base64.b64decode(encoded.strip(), validate=True)
            .decode("utf-8", "surrogateescape")
            .partition(":")[0]
        )
    except binascii.Error:
        return ""
