"""Decodes files of any size, in chunks of items that fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO

from msgspec.structs import replace

from .array_splitter import ArraySplitter
from .codec import parse
from .decode import BOM, UNLIMITED, decode, decode_elements, decode_lines
from .errors import InvalidJson
from .framing import Framing, LocatedItem, Location, Undecodable
from .request import Request

BLOCK_SIZE = 1 << 20
"""Bytes read at a time. A file shorter than this is decoded as one body."""
CHUNK_SIZE = 200
"""Elements or lines decoded at a time."""


def stream_items(file: BinaryIO, request: Request, framing: Framing) -> Iterator[Iterable[LocatedItem]]:
    """Decode a file chunk by chunk; `request` gives all of the call but its body.

    A long file is streamed if it is a list, or if its first line is a JSON document of its own. Memory
    then holds one chunk, or the longest item. Any other long file is decoded as one body.
    """
    head = b"".join(_read_up_to(file, BLOCK_SIZE))
    start = head.removeprefix(BOM).lstrip()
    can_be_split = len(head) == BLOCK_SIZE and not framing.body_is_item
    if can_be_split and "json-lines" in framing.formats and _is_document(start.split(b"\n", 1)[0]):
        yield from _stream_lines(chain([head.removeprefix(BOM)], _blocks(file)), framing)
    elif can_be_split and start.startswith(b"["):
        yield from _stream_list(chain([start], _blocks(file)), framing)
    else:
        yield decode(replace(request, body=head + file.read()), framing, UNLIMITED)


def _stream_lines(blocks: Iterator[bytes], framing: Framing) -> Iterator[Iterable[LocatedItem]]:
    number = 1
    for chunk in _chunks(_lines(blocks)):
        yield decode_lines(chunk, framing, number)
        number += len(chunk)


def _stream_list(blocks: Iterator[bytes], framing: Framing) -> Iterator[Iterable[LocatedItem]]:
    index = 0
    elements = ArraySplitter(blocks)
    for chunk in _chunks(iter(elements)):
        yield decode_elements(chunk, framing, index)
        index += len(chunk)
    if not elements.closed:
        yield [_undecodable(elements.rest.strip(), "the list is cut off: it does not close", index)]
        return
    rest = chain([elements.rest], blocks)
    if "json-lines" in framing.formats and elements.rest.lstrip(b" \r\t").startswith(b"\n"):
        yield from _stream_lines(rest, framing)  # the list was the first line, and longer than a block
    elif after := b"".join(rest).strip():
        yield [_undecodable(after, "something follows the list")]


def _undecodable(data: bytes, reason: str, *steps: int) -> LocatedItem:
    return Location(None, steps), Undecodable(data, "json/syntax", reason)


def _chunks(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    while chunk := list(islice(texts, CHUNK_SIZE)):
        yield chunk


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    for block in blocks:
        first, *others = block.split(b"\n")
        parts.append(first)
        for line in others:
            yield b"".join(parts)
            parts = [line]
    yield b"".join(parts)


def _read_up_to(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Read at most `size` bytes: a pipe may give fewer at a time without having ended."""
    while size > 0 and (part := file.read(size)):
        size -= len(part)
        yield part


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_SIZE):
        yield block


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(parse(line.strip()), dict | list)
    except InvalidJson:
        return False
