"""Masking a person: an event in; the same event without the ids of whose it is out."""

from __future__ import annotations

from typing import Any

from ...core.codec import Object

PERSON = ("userId", "anonymousId", "previousId")
"""The fields that say whose event it is. Redaction leaves them: what is delivered must tell people apart."""
_SHOWN = 4


def person_masked(event: Object) -> Object:
    """The event with these ids cut down to their last characters, wherever in it they stand as they are."""
    ids = {event[field] for field in PERSON if isinstance(event.get(field), str)}
    return {key: value if key == "type" else _masked(value, ids) for key, value in event.items()}


def _masked(value: Any, ids: set[str]) -> Any:
    if isinstance(value, str):
        return _cut(value) if value in ids else value
    if isinstance(value, dict):
        return {key: _masked(member, ids) for key, member in value.items()}
    if isinstance(value, list):
        return [_masked(element, ids) for element in value]
    return value


def _cut(id_: str) -> str:
    return f"…{id_[-_SHOWN:]}" if len(id_) > 2 * _SHOWN else "…"
