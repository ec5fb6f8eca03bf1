"""One dead letter in; a line of a list, a page for people, or a JSON object out."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from .. import format as shown

if TYPE_CHECKING:
    from ...gateway.storage.records import DeadLetter, DeadLetterSummary, StoredCall


_WITHIN = re.compile(r"\(line 1, (column \d+)\)$")
"""Where a reason says it is no JSON: a line that is a document of its own has one line, whichever it is."""


class Layout:
    """The columns of a list, as wide as its first page needs: a list of any length is written as it is read."""

    def __init__(self, page: list[DeadLetterSummary]) -> None:
        cells = [("id", "at", "source", "rule"), *map(_cells, page)]
        self._widths = [max(len(row[column]) for row in cells) for column in range(4)]
        self.head = self._row("id", "at", "source", "rule", "why").rstrip()

    def line(self, letter: DeadLetterSummary) -> str:
        """The letter on one line."""
        return self._row(*_cells(letter), shown.printable(why(letter.line, letter.pointer, letter.reason)))

    def _row(self, *cells: str) -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=False)]
        return "  ".join([*padded, cells[-1]])


def why(line: int | None, pointer: str, reason: str) -> str:
    """Why a record was rejected, behind where it stood."""
    if line is not None:
        reason = _WITHIN.sub(r"(\1)", reason)
    where = " ".join(filter(None, ("" if line is None else f"line {line}", pointer)))
    return f"{where}: {reason}" if where else reason


def _cells(letter: DeadLetterSummary) -> tuple[str, str, str, str]:
    source, rule = shown.printable(letter.source), shown.printable(letter.rule)
    return str(letter.id), shown.moment(letter.at), source, rule


def summary(letter: DeadLetterSummary) -> dict[str, Any]:
    """What a list has of a letter."""
    return {**msgspec.to_builtins(letter), "at": shown.instant(letter.at)}


def whole(letter: DeadLetter) -> dict[str, Any]:
    """All of a letter. Bytes that are no JSON are text, or `{"base64": ...}` where they are no UTF-8 either."""
    found = summary(letter.listed)
    record = msgspec.Raw(letter.record) if letter.decodable else _text(letter.record)
    found |= {"decodable": letter.decodable, "record": record if letter.record else None}
    found["event"] = msgspec.Raw(letter.event) if letter.event else None
    found["call"] = None if letter.call is None else _call(letter.call)
    return found


def text(letter: DeadLetter) -> str:
    """All of a letter for people."""
    about = {key: value for key, value in msgspec.to_builtins(letter.listed).items() if value not in (None, "")}
    about["at"] = shown.moment(letter.at)
    parts = [_table(about)]
    if letter.record:
        parts.append(f"record\n{_pretty(letter.record)}")
    if letter.event:
        parts.append(f"event\n{_pretty(letter.event)}")
    if (call := letter.call) is not None:
        headers = {f"{name}:": value for name, values in call.headers.items() for value in values}
        parts.append("\n".join([f"call {call.id}".rstrip(), shown.printable(f"{call.method} {call.url}")]))
        parts[-1] += f"\n{_table(headers)}" if headers else ""
        parts.append(f"body\n{_pretty(call.body)}")
    return "\n\n".join(parts)


def _call(call: StoredCall) -> dict[str, Any]:
    about = {"method": call.method, "url": call.url, "headers": call.headers, "query": call.query}
    return {**about, "body": _text(call.body), "id": call.id}


def _text(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _table(rows: dict[str, Any]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {shown.printable(str(value))}" for name, value in rows.items())


def _pretty(data: bytes) -> str:
    """JSON with its values as sent, indented, or bytes as the text they nearly are."""
    with suppress(ValueError, RecursionError):
        data = msgspec.json.format(data, indent=2)
    return shown.printable(data.decode("utf-8", "backslashreplace"), keep="\n")
