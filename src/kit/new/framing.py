"""Guesses how requests hold their records: as a batch, inside an envelope, or as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ...core.codec import Object
from ...core.decode import decode
from ...core.errors import InvalidDraft
from ...core.framing import Framing, Undecodable
from .captured import Captured, parse_text
from .event_name import has_event_name
from .fields import Sample, path_text

_ENVELOPES = ("event", "payload", "data", "detail", "record", "message", "body", "log", "resource")
_BATCHES = (
    *("events", "records", "logs", "batch", "messages", "notifications", "deliveries", "entries", "items"),
    *("data", "payload", "results", "value"),
)


class FramingGuess(msgspec.Struct, frozen=True):
    """What source.json says of framing, the samples found so, and what is a guess about it."""

    settings: dict[str, Any]
    samples: tuple[Sample, ...]
    guesses: tuple[str, ...]


def guess_framing(captured: Sequence[Captured]) -> FramingGuess:
    """Guess the framing of captured bodies.

    Raises:
        InvalidDraft: a body is lines of something else than objects.
    """
    settings: dict[str, Any] = {}
    guesses: list[str] = []
    formats = {body.format for body in captured}
    if "form" in formats:
        settings["formats"] = sorted(formats - {"json"})
        guesses.append("bodies are forms")
    items = [item for body in captured for item in body.items]
    if not all(isinstance(item, dict) for item in items):
        guesses.append("each body is one record, because not all it holds are objects")
        settings["items"] = "body"
        return FramingGuess(settings, tuple(_whole_bodies(captured)), tuple(guesses))
    if key := _batch_key(items):
        settings["batch"] = [path_text([key])]
        guesses.append(f"{key} is a batch of records")
        items = [element for item in items for element in _elements(item, key)]
    samples = [Sample(item, item) for item in items]
    if key := _envelope_key(items):
        settings["unwrap"] = [path_text([key])]
        guesses.append(f"{key} is the record, and what is around it an envelope")
        samples = [Sample(_unwrapped(item, key), item) for item in items]
    guesses += [f"{path_text([key])} holds JSON as text" for key in _json_texts(samples)]
    return FramingGuess(settings, tuple(samples), tuple(guesses))


def _json_texts(samples: Sequence[Sample]) -> Iterator[str]:
    """List the members of the records whose text is JSON somewhere."""
    for key in dict.fromkeys(key for sample in samples for key in sample.record):
        values = [sample.record.get(key) for sample in samples]
        if any(parse_text(value) is not value for value in values):
            yield key


def _whole_bodies(captured: Sequence[Captured]) -> list[Sample]:
    samples = []
    for body in captured:
        ((_, record),) = decode(body.request, Framing(("json", "form"), lambda _: None, body_is_item=True))
        if isinstance(record, Undecodable):
            raise InvalidDraft(body.name, "has lines that are not objects")
        samples.append(Sample(record, record))
    return samples


def _elements(item: Object, key: str) -> list[Object]:
    elements = parse_text(item.get(key))
    return elements if isinstance(elements, list) else [item]


def _unwrapped(item: Object, key: str) -> Object:
    record = parse_text(item.get(key))
    return record if isinstance(record, dict) else item


def _batch_key(items: Sequence[Object]) -> str | None:
    """Return the member that holds a list of events: by its name, or as text in a form that holds no more."""
    for key in dict.fromkeys(key for item in items for key in item):
        lists = [parse_text(item[key]) for item in items if key in item]
        are_batches = all(isinstance(elements, list) and _are_objects(elements) for elements in lists)
        if not are_batches or len(lists) < len(items) or not any(lists):
            continue
        if all(isinstance(item[key], str) for item in items):
            return key
        is_named = key.lower() in _BATCHES or key.lower().endswith("events")
        has_events = all(has_event_name(element) for elements in lists for element in elements)
        if is_named and (has_events or all(len(item) == 1 for item in items)):
            return key
    return None


def _are_objects(elements: list[Any]) -> bool:
    return all(isinstance(element, dict) for element in elements)


def _envelope_key(items: Sequence[Object]) -> str | None:
    """Return the member that holds the record: the only text that is JSON, or where the event's name is."""
    for key in dict.fromkeys([*_ENVELOPES, *(key for item in items for key in item)]):
        inner = [parse_text(item.get(key)) for item in items]
        if not inner or not all(isinstance(record, dict) and record for record in inner):
            continue
        is_text = all(isinstance(item[key], str) for item in items)
        if is_text and (key in _ENVELOPES or len(items[0]) == 1):
            return key
        are_events = (is_text or key in _ENVELOPES) and all(map(has_event_name, inner))
        if are_events and (key in ("event", "payload") or not any(map(has_event_name, items))):
            return key
    return None
