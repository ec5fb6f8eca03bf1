"""Stamping: a finished event in, with what RudderStack's gateway adds on arrival, ready to be kept, out."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import Scope

from ..core.codec import Object, encode
from ..core.mapping.convert import text
from .store import Entry

_INVISIBLE = re.compile("[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a call came, in epoch seconds, and from which address; none where that is not known any more."""

    at: float
    ip: str = ""

    @classmethod
    def now(cls, scope: Scope) -> Stamp:
        """The stamp of a call that comes in now."""
        return cls(time.time(), _address(scope))

    def entry(self, source: str, event: Object) -> Entry:
        """The event as it is kept; its own `receivedAt`, `request_ip` and usable `messageId` stay."""
        user, anonymous = _clean(event.get("userId")), _clean(event.get("anonymousId"))
        for key, value in (("userId", user), ("anonymousId", anonymous)):
            if value:
                event[key] = value
            else:
                event.pop(key, None)
        event["rudderId"] = rudder_id(user, anonymous)
        if "receivedAt" not in event:
            moment = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
            event["receivedAt"] = moment.replace("+00:00", "Z")
        if self.ip:
            event.setdefault("request_ip", self.ip)
        message = event.get("messageId")
        message = _clean(message) if isinstance(message, str) else ""
        event["messageId"] = message = message or str(uuid.uuid4())
        return Entry(source, message, user or anonymous, encode(event))


def rudder_id(user: str, anonymous: str) -> str:
    """The MD5 of both ids, with the bits of a random UUID set, as RudderStack's gateway derives it."""
    digest = hashlib.md5(f"{user}:{anonymous}".encode(), usedforsecurity=False).digest()
    return str(uuid.UUID(bytes=digest, version=4))


def _clean(value: object) -> str:
    """An id as downstream reads it: text, without what cannot be seen, and without space around it."""
    if value is None:
        return ""
    found = value if isinstance(value, str) else text(value) or ""
    return _INVISIBLE.sub("", found).strip()


def _address(scope: Scope) -> str:
    """The sender's address: the first that `X-Forwarded-For` names, else the peer's."""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for" and (first := value.decode("latin-1").split(",")[0].replace(" ", "")):
            return str(first)
    client = scope.get("client")
    return str(client[0]) if client else ""
