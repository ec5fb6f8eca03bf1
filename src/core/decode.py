"""Decoding: body bytes in, items out, each with where it stood; what cannot be decoded keeps its bytes.

The shape is told from the body itself: senders let people type the content type in by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from .array_splitter import whole_list
from .codec import Undecodable, parse, pointer
from .request import Request

BOM = b"\xef\xbb\xbf"
"""The byte order mark some senders put before UTF-8."""

ITEMS = 10_000
"""Items taken from one body: far more than any vendor sends, and a bound on what `[1,1,1,...]` can cost."""
ANY_NUMBER = sys.maxsize - 1
"""Items taken from a file of an operator's own."""

_TWO, _OPENS = b"}\n{", b"{["
"""What no JSON document holds: to look for it costs less than to try and parse lines as one."""
_FORM = re.compile(rb"[^\s={}\[\]\"]+=[^\s{}\[\]\"]*")


@dataclass(frozen=True, slots=True)
class Intake:
    """How a source's requests are read.

    Attributes:
        formats: of `json`, `json-lines`, `form`, `query`.
        held: the list an object holds at one of the source's `batch` paths, with the steps to it; or None.
    """

    formats: tuple[str, ...]
    held: Callable[[Any], tuple[list[Any], tuple[str, ...]] | None]


@dataclass(frozen=True, slots=True)
class Bad:
    """Bytes of an item that could not be decoded: which rule, and why."""

    data: bytes
    rule: str
    reason: str


class Where(msgspec.Struct, frozen=True):
    """Where in a body an item stood: its line in JSON lines, and the steps to it."""

    line: int | None = None
    steps: tuple[str | int, ...] = ()

    def at(self, index: int) -> Where:
        """The place of an element of the list here."""
        return Where(self.line, (*self.steps, index))

    def pointer(self, *below: str | int) -> str:
        """The JSON Pointer to the item, or to what is below it."""
        return pointer(*self.steps, *below)


Item: TypeAlias = tuple[Where, Any]
"""Where an item stood, and the item, or `Bad`."""

_TOP = Where()


def decode(request: Request, intake: Intake, limit: int = ITEMS) -> list[Item]:
    """The items of a request, in the order they came; a body of more than `limit` is one that is bad."""
    body = request.body
    if body.startswith(BOM):
        body = body[3:]
    if "query" in intake.formats and request.query and not body.strip():
        return [(_TOP, request.as_read()["query"])]
    if _TWO in body and body[0] in _OPENS and (documents := _lines(body, intake, limit)):
        found = _of_lines(documents, body, intake, limit)
    else:
        found = _of_body(body, intake, limit)
    items = found if isinstance(found, list) else list(islice(found, limit + 1))
    return items if len(items) <= limit else _too_many(body, limit)


def _of_body(body: bytes, intake: Intake, limit: int) -> Iterable[Item]:
    try:
        return _items(parse(body), intake, _TOP)
    except Undecodable as error:
        return _not_one_document(body, intake, error, limit)


def _too_many(body: bytes, limit: int) -> list[Item]:
    reason = f"the body holds more than {limit:,} items: send smaller batches"
    return [(_TOP, Bad(body, "body/items", reason))]


def _items(value: Any, intake: Intake, where: Where) -> Iterable[Item]:
    """The items of one JSON document: itself, the list it is, or the list it holds."""
    return (_batched if value.__class__ is list else _unbatched)(value, intake, where)


def _batched(value: list[Any], intake: Intake, where: Where) -> Iterator[Item]:
    for index, element in enumerate(value):
        if element.__class__ is dict and (found := intake.held(element)) is not None:
            held, steps = found
            inside = Where(where.line, (*where.steps, index, *steps))
            for below, one in enumerate(held):
                yield inside.at(below), one
        else:
            yield where.at(index), element


def _unbatched(value: Any, intake: Intake, where: Where) -> Iterable[Item]:
    if value.__class__ is not dict:
        return [(where, value)]
    found = intake.held(value)
    if found is not None:
        held, steps = found
        inside = Where(where.line, (*where.steps, *steps))
        return ((inside.at(index), element) for index, element in enumerate(held))
    return [(where, _gateway_form(value) if "form" in intake.formats else value)]


def _not_one_document(body: bytes, intake: Intake, error: Undecodable, limit: int) -> Iterable[Item]:
    """The items of a body that is not one JSON document: a form, lines, or a list with bad elements."""
    stripped = body.strip()
    if not stripped:
        return [(_TOP, Bad(body, "json/empty", "the body is empty"))]
    if "form" in intake.formats and _FORM.match(stripped):
        return [(_TOP, _form(stripped))]
    if documents := _lines(body, intake, limit):
        return _of_lines(documents, body, intake, limit)
    if elements := whole_list(stripped, limit):
        return decode_elements(elements, intake)
    return [(_TOP, Bad(body, error.rule, str(error)))]


def _of_lines(documents: list[tuple[int, Any]], body: bytes, intake: Intake, limit: int) -> Iterable[Item]:
    if len(documents) > limit:
        return _too_many(body, limit)
    return (item for number, document in documents for item in _items(document, intake, Where(number)))


def decode_elements(elements: Iterable[bytes], intake: Intake, first: int = 0) -> Iterator[Item]:
    """The items of the elements of a list, counted from `first`; a bad one costs no other."""
    for index, element in enumerate(elements, first):
        yield from _unbatched(_parsed(element), intake, _TOP.at(index))


def decode_lines(lines: Iterable[bytes], intake: Intake, first: int = 1) -> Iterator[Item]:
    """The items of JSON lines, counted from `first`; a bad one costs no other."""
    for number, line in enumerate(lines, first):
        if line.strip():
            yield from _items(_parsed(line.strip()), intake, Where(number))


def _lines(body: bytes, intake: Intake, limit: int) -> list[tuple[int, Any]]:
    """The documents of JSON lines, numbered; none where the body does not look like JSON lines.

    It does where the first line, or at least half of them, is an object or list of its own. Of more lines than
    `limit`, one more is looked at.
    """
    if "json-lines" not in intake.formats:
        return []
    every = ((number, line.strip()) for number, line in enumerate(BytesIO(body), 1) if line.strip())
    documents = [(number, _parsed(line)) for number, line in islice(every, limit + 1)]
    good = [isinstance(document, dict | list) for _, document in documents]
    looks_so = len(good) > 1 and (good[0] or 2 * sum(good) >= len(good))
    return documents if looks_so else []


def _parsed(data: bytes) -> Any:
    try:
        return parse(data)
    except Undecodable as error:
        return Bad(data, error.rule, str(error))


def _form(body: bytes) -> dict[str, Any]:
    """A form as an object: a field that comes once is text, several times a list of texts."""
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in form.items()}


def _gateway_form(value: dict[str, Any]) -> dict[str, Any]:
    """The same for a form that RudderStack's gateway turned into JSON: every field a list of texts."""
    lists = value and all(
        isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts)
        for texts in value.values()
    )
    if not lists:
        return value
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in value.items()}
