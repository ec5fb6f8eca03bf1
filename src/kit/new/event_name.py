"""Recognises what names an event: a header, or a member of the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from .fields import Field, words_of

_NAMES = (
    *("event_type", "event_name", "event", "trigger_event", "type", "topic", "kind", "metric", "webhook_event"),
    *("alert_type", "notification_type", "action", "trigger", "status"),
)
_WEAK = frozenset({"action", "trigger", "status"})
"""Names that say what happened, but rarely to what."""
_SUBJECTS = frozenset({"object_type", "resource_type", "entity_type", "object", "resource", "entity"})
"""Names that say to what it happened."""
_ENVELOPES = frozenset({"", "event", "meta", "metadata", "header", "data", "payload", "envelope"})
_HEADERS = ("-event", "-event-type", "-event-name", "-event-key", "-topic")
_MAX_LENGTH = 100


class EventName(msgspec.Struct, frozen=True):
    """What a rule writes as the event's name.

    Attributes:
        term: the value of `event` in mapping.json.
        field: the member of the record that it reads, if it reads one that every record has.
        reads: the paths that it reads.
        guess: one line about it.
    """

    term: Any
    field: Field | None
    reads: tuple[str, ...]
    guess: str


def has_event_name(item: dict[str, Any]) -> bool:
    """Whether an object has a member that is named like the name of an event, and is one."""
    return any(
        words_of([key])[-1] in _NAMES and words_of([key])[-1] not in _WEAK and _is_name(value)
        for key, value in item.items()
    )


def find_event_name(fields: Sequence[Field], headers: Iterable[str], count: int, title: str) -> EventName:
    """Find the name of the events: in a header, else in the body, else a constant."""
    if header := next((name for name in headers if name.lower().endswith(_HEADERS)), None):
        path = f"$request.headers.{header.lower()}"
        action = next((field for field in fields if field.words == ("action",) and _names(field)), None)
        return _joined(path, action, f"{header} names the event") if action else _single(path, header)
    candidates = sorted(filter(_may_name, fields), key=lambda field: _rank(field, count))
    if not candidates:
        term = f"{title} Event"
        return EventName(term, None, (), f"nothing names the event, so all are called {term!r}")
    best = candidates[0]
    action = next((field for field in candidates if field.words == ("action",)), None)
    if best.name == "type" and action and len(action.values) == count:
        return _joined(best.path, action, f"{best.path} names the event")
    if (best.name in _WEAK or best.name == "metric") and (subject := _subject(fields, count)):
        return _joined(subject.path, best, f"{subject.path} names the event")
    if len(best.values) == count:
        return EventName({"from": best.path}, best, (best.path,), f"{best.path} names the event")
    return EventName(
        {"from": best.path, "else": f"{title} Event"},
        None,
        (best.path,),
        f"{best.path} names the event, where there is one",
    )


def _subject(fields: Sequence[Field], count: int) -> Field | None:
    """Find what says to what something happened, in every record."""
    named = (field for field in fields if len(field.words) == 1 and field.name in _SUBJECTS)
    return next((field for field in named if len(field.values) == count and _names(field)), None)


def _single(path: str, header: str) -> EventName:
    return EventName({"from": path}, None, (path,), f"the header {header} names the event")


def _joined(path: str, action: Field, guess: str) -> EventName:
    term = {"template": f"{{{path}}} {{{action.path}}}", "else": {"from": path}}
    return EventName(term, None, (path, action.path), guess.replace(" names", f" and {action.path} name"))


def _rank(field: Field, count: int) -> tuple[Any, ...]:
    is_weak = field.name in _WEAK
    return (field.is_in_item, len(field.values) < count, is_weak, len(field.words), _NAMES.index(field.name))


def _may_name(field: Field) -> bool:
    is_near = len(field.words) <= 2 and (len(field.words) == 1 or field.owner in _ENVELOPES)  # noqa: PLR2004
    return field.name in _NAMES and is_near and _names(field)


def _names(field: Field) -> bool:
    return all(map(_is_name, field.values.values()))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_LENGTH and "\n" not in value and "://" not in value
