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
        pointer: the JSON Pointer to it in the body; in JSON lines, within the line's own document. It leads
            into text that is JSON as into the value that the text says.
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
    """What one request came to.

    Attributes:
        events: finished events.
        rejections: records that could not become events.
        dropped: how many records were left out on purpose.
        reply: the answer, if the sender is owed one.
        refused: why the request was refused as not authentic, in words for the operator; all else is empty
            then, and nothing of the request should be kept.
    """

    events: list[Object] = []
    rejections: list[Rejection] = []
    dropped: int = 0
    reply: Reply | None = None
    refused: str | None = None
