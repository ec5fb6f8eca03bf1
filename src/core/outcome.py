"""The outcome of a request, and what it consists of."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from .codec import Object
from .json_value import deep_copy


class Rejection(msgspec.Struct, frozen=True):
    """A record that could not become an event, and why.

    Attributes:
        source: the name of the source it was sent to.
        pointer: the JSON Pointer to it in the body; in JSON lines, within the line's own document.
        line: the line of the body it stands on, counted from 1; None if the body is one document.
        rule: what it breaks: `json/syntax`, `item/object`, `schema/required`, `unmatched`, `event/name`, ...
        reason: a sentence; it never quotes a value of the record.
        record: the whole item as sent, or its bytes if they could not be decoded.
    """

    source: str
    pointer: str
    line: int | None
    rule: str
    reason: str
    record: Any

    def as_json(self) -> Object:
        """Return the rejection as a JSON object; bytes that are not UTF-8 become `{"base64": ...}`."""
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
            "record": deep_copy(record),
        }


class Reply(msgspec.Struct, frozen=True):
    """An answer owed to the sender: its body, and the content type to send it with."""

    body: bytes
    content_type: str = "application/json"


class Outcome(msgspec.Struct):
    """Events, rejections, the number of records dropped on purpose, and a reply if one is owed."""

    events: list[Object] = []
    rejections: list[Rejection] = []
    dropped: int = 0
    reply: Reply | None = None
