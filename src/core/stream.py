"""Streaming: a file of any size in, its items out in runs that fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, TypeVar

from msgspec.structs import replace

from .array_splitter import ArraySplitter
from .codec import Undecodable, parse
from .decode import ANY_NUMBER, BOM, Bad, Intake, Item, Where, decode, decode_elements, decode_lines
from .request import Request

CHUNK = 1 << 20
"""Bytes read at a time. A file shorter than this is read as one body."""
RUN = 200
"""Elements or lines in a run."""

_One = TypeVar("_One")


def runs(file: BinaryIO, request: Request, intake: Intake) -> Iterator[Iterable[Item]]:
    """The items of a file, in runs; `request` stands for all of the call but its body.

    A long file streams where it is a list, or its first line is JSON of its own: memory holds one run, or the
    longest single item. Any other long file is read as one body.
    """
    head = b"".join(_up_to(file, CHUNK))
    start = head.removeprefix(BOM).lstrip()
    if len(head) < CHUNK:
        yield decode(replace(request, body=head), intake, ANY_NUMBER)
    elif "json-lines" in intake.formats and _is_document(start.split(b"\n", 1)[0]):
        yield from _of_lines(chain([head.removeprefix(BOM)], _chunks(file)), intake)
    elif start.startswith(b"["):
        yield from _of_list(chain([start], _chunks(file)), intake)
    else:
        yield decode(replace(request, body=head + file.read()), intake, ANY_NUMBER)


def _of_lines(chunks: Iterator[bytes], intake: Intake) -> Iterator[Iterable[Item]]:
    number = 1
    for run in _in_runs(_lines(chunks)):
        yield decode_lines(run, intake, number)
        number += len(run)


def _of_list(chunks: Iterator[bytes], intake: Intake) -> Iterator[Iterable[Item]]:
    index = 0
    elements = ArraySplitter(chunks)
    for run in _in_runs(iter(elements)):
        yield decode_elements(run, intake, index)
        index += len(run)
    if not elements.closed:
        cut = Bad(elements.rest.strip(), "json/syntax", "the list is cut off: it does not close")
        yield [(Where(None, (index,)), cut)]
        return
    rest = chain([elements.rest], chunks)
    if "json-lines" in intake.formats and elements.rest.lstrip(b" \r\t").startswith(b"\n"):
        yield from _of_lines(rest, intake)  # the list was the first line, longer than a chunk
    elif after := b"".join(rest).strip():
        yield [(Where(), Bad(after, "json/syntax", "something follows the list"))]


def _in_runs(things: Iterator[_One]) -> Iterator[list[_One]]:
    while run := list(islice(things, RUN)):
        yield run


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        held.append(first)
        for line in others:
            yield b"".join(held)
            held = [line]
    yield b"".join(held)


def _up_to(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Bytes of a file, at most `size`: a pipe may give fewer at a time without having ended."""
    while size > 0 and (part := file.read(size)):
        size -= len(part)
        yield part


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(parse(line.strip()), dict | list)
    except Undecodable:
        return False
