"""Authenticates senders by write key, and by the Authorization header if the source asks for one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from pydantic import SecretStr
from starlette.types import Scope

from ...http.answers import Answer
from ..settings import SourceSettings
from .query import write_key
from .responses import DISABLED, NO_KEY, WRONG_AUTHORIZATION, WRONG_KEY


class WriteKeys:
    """The configured sources by write key.

    Keys are looked up by a keyed digest, so that the time a look-up takes reveals nothing about them.
    """

    def __init__(self, sources: Iterable[SourceSettings]) -> None:
        self._secret = secrets.token_bytes(32)
        self._sources = {
            self._digest(key.get_secret_value()): source for source in sources for key in source.write_key
        }

    def authenticate(self, scope: Scope) -> tuple[str, Answer | None]:
        """The name of the source whose key a call presents, empty if none has it, and why the call is refused.

        The key is in the query, or else the user of Basic authentication.
        """
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        key = write_key(scope["query_string"]) or _basic_user(authorization)
        if not key:
            return "", NO_KEY
        source = self._sources.get(self._digest(key))
        if source is None:
            return "", WRONG_KEY
        if source.authorization and not _is_accepted(authorization, source.authorization):
            return source.name, WRONG_AUTHORIZATION
        return source.name, None if source.enabled else DISABLED

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "surrogateescape"), key=self._secret).digest()


def _is_accepted(authorization: bytes, accepted: Iterable[SecretStr]) -> bool:
    """Compare with all that are accepted, whichever is equal, so that the time it takes reveals nothing."""
    matches = [hmac.compare_digest(authorization, secret.get_secret_value().encode()) for secret in accepted]
    return any(matches)


def _basic_user(authorization: bytes) -> str:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return ""
    try:
        credentials = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        return ""
    user, colon, _ = credentials.partition(b":")
    return user.decode("utf-8", "surrogateescape") if colon else ""
