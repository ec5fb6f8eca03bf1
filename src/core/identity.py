"""Identifies events, so that a sender's retry is the same message and nothing else is."""

from __future__ import annotations

import hashlib

from .codec import Object, encode_sorted
from .event import Identity
from .ids import is_blank
from .mapping.convert import text
from .mapping.interpret import MappedEvent
from .mapping.masking import MASKED
from .request import RequestContext
from .source import Source


class Identifier:
    """Identifies the events of one source, for one operator's settings."""

    __slots__ = ("_config", "_map_for_ids", "_read_id")

    def __init__(self, source: Source, config: Object) -> None:
        self._read_id = source.read_id
        self._map_for_ids = source.mapper.for_ids(config)
        self._config = config

    def identify(
        self, mapped: list[MappedEvent], record: Object, item: Object, context: RequestContext
    ) -> list[Identity]:
        """Identify each of the events that a record became."""
        record_id, request_id = self._record_and_request(record, item, context)
        versions = [_time(fields) for _, _, _, fields in mapped]
        if "" in versions:
            if self._map_for_ids is not None:  # settings must neither change ids nor merge events
                mapped = self._map_for_ids(record, item, context.request, self._config) or mapped
            versions = [_time(fields) or _content(fields, request_id) for _, _, _, fields in mapped]
        return [Identity(record_id, version) for version in versions]

    def _record_and_request(self, record: Object, item: Object, context: RequestContext) -> tuple[str, str]:
        """Identify the record, by its own id if that is visible, else by its content and then the request's id.

        Equal records without an id are told apart by a count, so that the order of a batch does not matter.
        """
        own = self._read_id(record, None, item, context.request, self._config)
        if (own.__class__ is str and not is_blank(own)) or own.__class__ is int:
            return f"id/{own}", ""
        digest = hashlib.sha256(encode_sorted(item)).hexdigest()
        count = context.occurrences[digest] = context.occurrences.get(digest, 0) + 1
        return f"content/{count}/{digest}", context.id


def _time(fields: Object | None) -> str:
    """Return the time a mapping gave an event, as text; empty if it gave none."""
    if fields is None:
        return "dropped"
    time = fields.get("originalTimestamp")
    if time.__class__ is str:
        return "" if time == MASKED or is_blank(time) else f"time/{time}"
    return f"time/{text(time)}" if time.__class__ is int or time.__class__ is float else ""


def _content(fields: Object | None, request_id: str) -> str:
    return f"content/{hashlib.sha256(encode_sorted(fields)).hexdigest()}/{request_id}"
