"""Decodes the body of a request into items, and keeps the bytes of what cannot be decoded.

The format is recognised from the body itself, because the content type is often typed in by hand at the sender.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any

from msgspec.structs import replace

from .array_splitter import split_array
from .codec import Object, encode, parse
from .errors import InvalidJson
from .form import parse_form, unpack_form
from .framing import MAX_ITEMS, Framing, LocatedItem, Location, Undecodable, parse_item
from .request import Request, is_credential

BOM = b"\xef\xbb\xbf"
"""The byte order mark some senders put before UTF-8."""

UNLIMITED = sys.maxsize - 1
"""The number of items accepted in a file of an operator's own."""

_LINE_BREAK, _LINES_OF_OBJECTS, _OBJECT_OR_ARRAY = 0x0A, b"}\n{", b"{["
_FORM = re.compile(rb"[^\s={}\[\]\"<][^\s={}\"]*=")
"""How a form begins, but neither JSON nor XML. A name may have brackets: `data[email]=`."""

_TOP = Location()


def decode(request: Request, framing: Framing, limit: int = MAX_ITEMS) -> list[LocatedItem]:
    """Decode a request into items, in their order; a body with more than `limit` is one undecodable item."""
    body = request.body
    if body.startswith(BOM):
        body = body[3:]
    if "query" in framing.formats and not body.strip() and (record := _record_in_query(request)):
        located = _items_of_element(record, framing, _TOP)
    elif _looks_like_lines(body) and (lines := _lines(body, framing, limit)):
        located = _items_of_lines(lines, body, framing, limit)
    else:
        located = _items_of_body(body, framing, limit)
    items = located if isinstance(located, list) else list(islice(located, limit + 1))
    return items if len(items) <= limit else _too_many(body, limit)


def decode_item(body: bytes) -> list[LocatedItem]:
    """Decode a body that is one item in itself, whatever lists it holds."""
    return [(_TOP, parse_item(body))]


def _record_in_query(request: Request) -> Object:
    query = request.as_json()["query"]
    return {name: value for name, value in query.items() if not is_credential("query", name)}


def decode_elements(elements: Iterable[bytes], framing: Framing, first: int = 0) -> Iterator[LocatedItem]:
    """Decode the elements of a list one by one, counted from `first`; a bad one does not affect the others."""
    for index, element in enumerate(elements, first):
        yield from _items_of_element(parse_item(element), framing, _TOP.element(index))


def decode_lines(lines: Iterable[bytes], framing: Framing, first: int = 1) -> Iterator[LocatedItem]:
    """Decode JSON lines one by one, counted from `first`; a bad one does not affect the others."""
    for number, line in enumerate(lines, first):
        if line.strip():
            yield from _items(parse_item(line.strip()), framing, Location(number))


def _looks_like_lines(body: bytes) -> bool:
    """Whether the body cannot be one JSON document, but may be lines of them.

    Looking for one byte first takes a tenth of the time, and finds it in few bodies.
    """
    return _LINE_BREAK in body and _LINES_OF_OBJECTS in body and body[0] in _OBJECT_OR_ARRAY


def _items_of_body(body: bytes, framing: Framing, limit: int) -> Iterable[LocatedItem]:
    try:
        document = parse(body)
        return _whole_body(document) if framing.body_is_item else _items(document, framing, _TOP)
    except InvalidJson as error:
        return _items_of_several_documents(body, framing, error, limit)


def _whole_body(document: Any) -> list[LocatedItem]:
    """The only item of a body; what is not an object becomes the `value` of one."""
    return [(_TOP, document if document.__class__ is dict else {"value": document})]


def _items_of_several_documents(
    body: bytes, framing: Framing, error: InvalidJson, limit: int
) -> Iterable[LocatedItem]:
    """Decode a body that is not one JSON document: a form, lines, or a list with bad elements."""
    stripped = body.strip()
    if not stripped:
        return [(_TOP, Undecodable(body, "json/empty", "the body is empty"))]
    if "form" in framing.formats and _FORM.match(stripped):
        form = parse_form(stripped)
        return _whole_body(form) if framing.body_is_item else _items_of_element(form, framing, _TOP)
    if lines := _lines(body, framing, limit):
        return _items_of_lines(lines, body, framing, limit)
    if not framing.body_is_item and (elements := split_array(stripped, limit)):
        return decode_elements(elements, framing)
    return [(_TOP, Undecodable(body, error.rule, error.reason))]


def _items_of_lines(
    lines: list[tuple[int, Any]], body: bytes, framing: Framing, limit: int
) -> Iterable[LocatedItem]:
    if len(lines) > limit:
        return _too_many(body, limit)
    return (item for number, document in lines for item in _items(document, framing, Location(number)))


def _too_many(body: bytes, limit: int) -> list[LocatedItem]:
    reason = f"the body holds more than {limit:,} items: send smaller batches"
    return [(_TOP, Undecodable(body, "body/items", reason))]


def _lines(body: bytes, framing: Framing, limit: int) -> list[tuple[int, Any]]:
    """Parse the body as JSON lines, each with its number; `[]` if it does not look like JSON lines.

    It does if the first line, or at least half of all lines, is an object or a list. Of more lines than
    `limit`, one more is parsed.
    """
    if "json-lines" not in framing.formats:
        return []
    numbered = ((number, line.strip()) for number, line in enumerate(BytesIO(body), 1) if line.strip())
    documents = [(number, parse_item(line)) for number, line in islice(numbered, limit + 1)]
    good = [isinstance(document, dict | list) for _, document in documents]
    are_lines = len(good) > 1 and (good[0] or 2 * sum(good) >= len(good))
    return documents if are_lines else []


def _items(document: Any, framing: Framing, location: Location) -> Iterable[LocatedItem]:
    """The items of one JSON document: itself, the elements of the list it is, or of the list it holds."""
    if document.__class__ is list:
        return _items_of_list(document, framing, location)
    return _items_of_element(document, framing, location)


def _items_of_list(elements: list[Any], framing: Framing, location: Location) -> Iterator[LocatedItem]:
    find_batch = framing.find_batch
    for index, element in enumerate(elements):
        if element.__class__ is dict and (batch := find_batch(element)) is not None:
            yield from _items_of_batch(element, *batch, location.element(index))
        else:
            yield location.element(index), element


def _items_of_element(element: Any, framing: Framing, location: Location) -> Iterable[LocatedItem]:
    if element.__class__ is not dict:
        return [(location, element)]
    value = unpack_form(element) if "form" in framing.formats else element
    batch = framing.find_batch(value)
    return [(location, value)] if batch is None else _items_of_batch(value, *batch, location)


def _items_of_batch(
    value: Object, elements: list[Any] | Undecodable, keys: tuple[str, ...], location: Location
) -> Iterator[LocatedItem]:
    batch = Location(location.line, (*location.steps, *keys))
    if isinstance(elements, Undecodable):
        yield batch, replace(elements, data=encode(value))
        return
    for index, element in enumerate(elements):
        yield batch.element(index), element
