"""Recognises what identifies a delivery: a header, or a member of the record or of what is around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from .fields import Field

_HEADERS = (
    *("-delivery", "-delivery-id", "-message-id", "-invocation-id", "-notification-id", "-request-uuid"),
    *("-event-id", "svix-id"),
)
_EXACT = frozenset({"webhook-id", "x-shopify-webhook-id"})
"""Headers that end as the id of a subscription does, and are that of a delivery."""
_NAMES = (
    *("event_id", "delivery_id", "message_id", "notification_id", "webhook_id", "log_id", "uuid", "guid"),
    *("id", "_id"),
)


class DeliveryId(msgspec.Struct, frozen=True):
    """The entries of `id` in source.json, the paths they read, and one line about each."""

    entries: list[Any]
    guesses: list[str]


def find_delivery_id(
    fields: Sequence[Field], headers: Iterable[str], count: int, *, is_batch: bool, has_time: bool
) -> DeliveryId:
    """Find what identifies a delivery. An entity's id needs the time beside it, to tell its events apart."""
    header = next((name for name in headers if _is_delivery(name.lower())), None)
    field = _in_body(fields, count, has_time=has_time)
    entries: list[Any] = []
    guesses = []
    if header:
        path = f"$request.headers.{header.lower()}"
        if is_batch and field:
            return DeliveryId(
                [{"template": f"{{{path}}}/{{{field.path}}}"}],
                [f"the header {header} and {field.path} identify a record"],
            )
        if not is_batch:
            entries.append(path)
            guesses.append(f"the header {header} identifies the delivery")
    if field:
        entries.append(field.path)
        guesses.append(f"{field.path} identifies the {'record' if is_batch else 'delivery'}")
    return DeliveryId(entries, guesses or ["nothing identifies a delivery, so its content does"])


def _is_delivery(name: str) -> bool:
    return name in _EXACT or (name.endswith(_HEADERS) and not name.endswith("-hook-id"))


def _in_body(fields: Sequence[Field], count: int, *, has_time: bool) -> Field | None:
    candidates = [
        field
        for field in fields
        if (len(field.words) == 1 or field.words[:-1] == ("delivery",))
        and field.name in _NAMES
        and len(field.values) == count
        and field.holds(str, int)
        and has_time
    ]
    return min(candidates, key=lambda field: (_NAMES.index(field.name), not field.is_in_item), default=None)
