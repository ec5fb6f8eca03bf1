"""Turns events and rejections into what the store keeps, adding what RudderStack's gateway adds to an event."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from uuid_utils import UUID

from ...core.codec import Object, encode
from ...core.ids import strip_invisible
from ...core.mapping.convert import text
from ...core.mapping.times import format_time
from ...core.outcome import Rejection
from ..storage.records import NewDeadLetter, NewEvent

_NUL = b"\\u0000"


def enrich(event: Object, source: str, received_at: str, request_ip: str = "") -> NewEvent:
    """An event ready to be stored. It keeps its own `receivedAt`, `request_ip` and `messageId`, if usable.

    Args:
        event: as the host made it; changed in place.
        source: the configured source's name.
        received_at: when its call came, as `rfc3339` writes it.
        request_ip: the sender's address, if it is known.
    """
    user, anonymous = _clean(event.get("userId")), _clean(event.get("anonymousId"))
    for key, value in (("userId", user), ("anonymousId", anonymous)):
        if value:
            event[key] = value
        else:
            event.pop(key, None)
    event["rudderId"] = rudder_id(user, anonymous)
    event.setdefault("receivedAt", received_at)
    event.setdefault("timestamp", _timestamp(event, received_at))
    if request_ip:
        event.setdefault("request_ip", request_ip)
    message_id = event.get("messageId")
    message_id = strip_invisible(message_id) if isinstance(message_id, str) else ""
    # The host gives every event an id; only a plugin can have taken it away.
    event["messageId"] = message_id = message_id or str(uuid.uuid4())
    encoded = encode(event)
    if encoded.rfind(_NUL) >= 0:  # `in` takes five times as long
        encoded = encode(_without_nul(event))
    return NewEvent(source, message_id, user or anonymous, encoded)


def dead_letter(
    rejection: Rejection, source: str, request_values: bytes = b"", count: int = 1
) -> NewDeadLetter:
    """A rejection as it is stored, with the whole record; `source` is the configured source's name."""
    is_raw = isinstance(rejection.record, bytes)
    return NewDeadLetter(
        source,
        rejection.rule,
        rejection.reason,
        rejection.pointer,
        rejection.line,
        rejection.record if is_raw else encode(rejection.record),
        decodable=not is_raw,
        count=count,
        request_values=request_values,
    )


def rudder_id(user: str, anonymous: str) -> str:
    """The MD5 of both ids with the bits of a random UUID set, as RudderStack's gateway derives it."""
    digest = hashlib.md5(f"{user}:{anonymous}".encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest, version=4))


def rfc3339(at: float) -> str:
    """A moment in epoch seconds as RFC 3339 writes it, in milliseconds."""
    return format_time(datetime.fromtimestamp(at, UTC))


def _timestamp(event: Object, received_at: str) -> str:
    """When the event happened by the gateway's clock: `receivedAt - (sentAt - originalTimestamp)`.

    rudder-server would work it out from its own `receivedAt`, which is later if delivery had to wait. A time
    that cannot be read counts as `receivedAt`, as there.
    """
    sent, original = event.get("sentAt"), event.get("originalTimestamp")
    if sent == original:
        return received_at
    received = datetime.fromisoformat(received_at)
    try:
        happened = received - (_moment(sent, received) - _moment(original, received))
    except OverflowError:  # beyond the years that there are
        return received_at
    return format_time(happened)


def _moment(value: object, otherwise: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else otherwise
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _clean(value: object) -> str:
    """An id as RudderStack reads it: text without invisible characters."""
    found = value if isinstance(value, str) else text(value)
    return strip_invisible(found) if found else ""


def _without_nul(value: Any) -> Any:
    """The value without NUL in its texts and keys, which the database of RudderStack's gateway cannot hold."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(element) for element in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(member) for key, member in value.items()}
    return value
