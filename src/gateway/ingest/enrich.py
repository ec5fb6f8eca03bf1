"""Stamping: a finished event in, with what RudderStack's gateway adds on arrival, ready to be kept, out."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope
from uuid_utils import UUID

from ...core.codec import Object, encode
from ...core.ids import strip_invisible
from ...core.mapping.convert import text
from ..storage.records import NewEvent

_LONGEST_ADDRESS = 100
"""Characters of the longest address believed: an event must not grow too long to be delivered."""
_NUL = b"\\u0000"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a call came, as RFC 3339 has it, and from which address; none where that is not known any more."""

    at: str
    ip: str = ""

    @classmethod
    def now(cls, scope: Scope) -> Stamp:
        """The stamp of a call that comes in now."""
        return cls(_moment(time.time()), _address(scope))

    @classmethod
    def of(cls, at: float) -> Stamp:
        """The stamp of a call that came at this moment, in epoch seconds."""
        return cls(_moment(at))

    def entry(self, source: str, event: Object) -> NewEvent:
        """The event as it is kept; its own `receivedAt`, `request_ip` and usable `messageId` stay."""
        user, anonymous = _clean(event.get("userId")), _clean(event.get("anonymousId"))
        for key, value in (("userId", user), ("anonymousId", anonymous)):
            if value:
                event[key] = value
            else:
                event.pop(key, None)
        event["rudderId"] = rudder_id(user, anonymous)
        event.setdefault("receivedAt", self.at)
        if self.ip:
            event.setdefault("request_ip", self.ip)
        message = event.get("messageId")
        message = strip_invisible(message) if isinstance(message, str) else ""
        event["messageId"] = message = message or str(uuid.uuid4())  # none only where a plugin took it away
        encoded = encode(event)
        if _NUL in encoded:
            encoded = encode(_without_nul(event))
        return NewEvent(source, message, user or anonymous, encoded)


def rudder_id(user: str, anonymous: str) -> str:
    """The MD5 of both ids, with the bits of a random UUID set, as RudderStack's gateway derives it."""
    digest = hashlib.md5(f"{user}:{anonymous}".encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest, version=4))


def _clean(value: object) -> str:
    """An id as downstream reads it: text, as it is seen."""
    found = value if isinstance(value, str) else text(value)
    return strip_invisible(found) if found else ""


def _without_nul(value: Any) -> Any:
    """The value without NULs in its texts and keys: the database of RudderStack's gateway cannot hold one."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(element) for element in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(member) for key, member in value.items()}
    return value


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _address(scope: Scope) -> str:
    """The sender's address: the first that `X-Forwarded-For` names, else the peer's."""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            first: str = value.decode("latin-1").split(",")[0].replace(" ", "")
            if 0 < len(first) <= _LONGEST_ADDRESS:
                return first
    client = scope.get("client")
    return str(client[0]) if client else ""
