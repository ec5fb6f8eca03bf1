"""Renders dead letters: a line of a list, a page for people, or JSON."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from ..format import printable, utc_milliseconds, utc_seconds

if TYPE_CHECKING:
    from ...gateway.storage.records import DeadLetter, DeadLetterSummary, StoredCall

_COLUMNS = ("id", "at", "source", "rule")
_LINE_AND_COLUMN = re.compile(r"\(line 1, (column \d+)\)$")
"""The end of a JSON syntax error. In JSON lines each line is its own document, so its line 1 misleads."""


class ListLayout:
    """Column widths taken from the first page, so that a list of any length is written as it is read."""

    def __init__(self, page: list[DeadLetterSummary]) -> None:
        cells = [_COLUMNS, *map(_cells, page)]
        self._widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]

    def heading(self) -> str:
        """The titles of the columns."""
        return self._row(*_COLUMNS, "reason")

    def row(self, letter: DeadLetterSummary) -> str:
        """A dead letter on one line."""
        reason = located_reason(letter.line, letter.pointer, letter.reason)
        if letter.count > 1:
            reason += f" ({letter.count} times, first at {utc_seconds(letter.first_at)})"
        return self._row(*_cells(letter), printable(reason))

    def _row(self, *cells: str) -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=False)]
        return "  ".join([*padded, cells[-1]])


def _cells(letter: DeadLetterSummary) -> tuple[str, str, str, str]:
    return str(letter.id), utc_seconds(letter.at), printable(letter.source), printable(letter.rule)


def located_reason(line: int | None, pointer: str, reason: str) -> str:
    """The reason for a rejection, after the place of the record: `line 2 /type: type must be text`."""
    if line is not None:
        reason = _LINE_AND_COLUMN.sub(r"(\1)", reason)
    place = " ".join(filter(None, ("" if line is None else f"line {line}", pointer)))
    return f"{place}: {reason}" if place else reason


def summary_json(letter: DeadLetterSummary) -> dict[str, Any]:
    """A dead letter without anything the sender sent."""
    times = {"at": utc_milliseconds(letter.at), "first_at": utc_milliseconds(letter.first_at)}
    return {**msgspec.to_builtins(letter), **times}


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    """A whole dead letter. Bytes that are not JSON are text, or `{"base64": ...}` if they are not UTF-8."""
    record = msgspec.Raw(letter.record) if letter.decodable else _text_or_base64(letter.record)
    return summary_json(letter.summary) | {
        "decodable": letter.decodable,
        "record": record if letter.record else None,
        "event": msgspec.Raw(letter.event) if letter.event else None,
        "answer": letter.answer or None,
        "call": None if letter.call is None else _call_json(letter.call),
    }


def _call_json(call: StoredCall) -> dict[str, Any]:
    head = {"method": call.method, "url": call.url, "headers": call.headers, "query": call.query}
    return {**head, "body": _text_or_base64(call.body)}


def _text_or_base64(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def letter_text(letter: DeadLetter) -> str:
    """A whole dead letter for people."""
    times = {"at": utc_seconds(letter.at), "first_at": utc_seconds(letter.first_at)}
    summary = msgspec.to_builtins(letter.summary) | times
    if letter.count == 1:
        del summary["count"], summary["first_at"]
    parts = [_aligned({key: value for key, value in summary.items() if value not in (None, "")})]
    if letter.record:
        parts.append(f"record\n{_indented(letter.record)}")
    if letter.event:
        parts.append(f"event\n{_indented(letter.event)}")
    if letter.answer:
        parts.append(f"the destination answered\n{printable(letter.answer)}")
    if letter.call is not None:
        parts += [_call_head(letter.call), f"body\n{_indented(letter.call.body)}"]
    return "\n\n".join(parts)


def _call_head(call: StoredCall) -> str:
    headers = {f"{name}:": value for name, values in call.headers.items() for value in values}
    lines = ["call", printable(f"{call.method} {call.url}")]
    return "\n".join([*lines, _aligned(headers)] if headers else lines)


def _aligned(rows: dict[str, Any]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {printable(str(value))}" for name, value in rows.items())


def _indented(data: bytes) -> str:
    """Indent JSON without touching its values; show other bytes as text, escaped if they are not UTF-8."""
    with suppress(ValueError, RecursionError):
        data = msgspec.json.format(data, indent=2)
    return printable(data.decode("utf-8", "backslashreplace"), keep="\n")
