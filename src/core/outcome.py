"""What one request came to."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import msgspec

from .codec import Object, copied


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that could not become an event, whole, and why.

    Attributes:
        source: the source it was sent to.
        pointer: where in the body (JSON Pointer); for JSON lines within the line's own document.
        line: the line of the body it stood on, counted from 1; None where the body is one document.
        rule: what it broke: `json/syntax`, `item/object`, `schema/required`, `unmatched`, `event/name`, ...
        reason: one sentence; never a value of the record's.
        record: the item as sent, or its bytes where they could not be decoded.
    """

    source: str
    pointer: str
    line: int | None
    rule: str
    reason: str
    record: Any

    def as_json(self) -> Object:
        """The rejection as a JSON object; bytes that are not UTF-8 stand as `{"base64": ...}`."""
        record = self.record
        if isinstance(record, bytes):
            try:
                record = record.decode()
            except UnicodeDecodeError:
                record = {"base64": base64.b64encode(record).decode()}
        return {
            "source": self.source,
            "pointer": self.pointer,
            **({} if self.line is None else {"line": self.line}),
            "rule": self.rule,
            "reason": self.reason,
            "record": copied(record),
        }


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer owed to the sender: its body, and the content type to send it with."""

    body: bytes
    content_type: str = "application/json"


class Outcome(msgspec.Struct):
    """Events, rejections, how many records were dropped on purpose, and a reply where one is owed."""

    events: list[Object] = []
    rejections: list[Rejection] = []
    dropped: int = 0
    reply: Reply | None = None
