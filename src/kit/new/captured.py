"""Reads captured bodies: JSON, JSON lines and forms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec.structs import replace

from ...core.codec import encode, parse
from ...core.decode import decode
from ...core.errors import InvalidDraft, InvalidJson
from ...core.framing import Framing, Undecodable
from ...core.request import Request

FORMATS = {"json": "request.json", "json-lines": "request.jsonl", "form": "request.txt"}
"""The formats, and the file of a fixture that holds such a body."""

Rewrite = Callable[[Any, tuple[str, ...]], Any]
"""Returns what takes the place of a value that these keys lead to."""


class Captured(msgspec.Struct, frozen=True):
    """One body as posted.

    Attributes:
        name: what the fixture is called.
        request: the body and its headers.
        format: `json`, `json-lines` or `form`.
        items: what it holds, before a batch inside an object is taken apart.
    """

    name: str
    request: Request
    format: str
    items: tuple[Any, ...]

    def rewritten(self, rewrite: Rewrite) -> Captured:
        """Return the body with other values in the same places, laid out to be read."""
        body = self.request.body.removeprefix(b"\xef\xbb\xbf")
        if self.format == "form":
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
            body = urlencode([(name, rewrite(value, (name,))) for name, value in pairs]).encode()
        elif self.format == "json":
            body = msgspec.json.format(encode(rewrite(parse(body), ())), indent=2) + b"\n"
        else:
            body = b"".join(encode(rewrite(item, ())) + b"\n" for item in self.items)
        return capture(self.name, replace(self.request, body=body))


def read_captured(paths: Sequence[Path], request: Request) -> list[Captured]:
    """Read bodies from files; all came with the headers of this request.

    Raises:
        InvalidDraft: one is empty, or neither JSON nor a form.
        OSError: a file cannot be read.
    """
    names: dict[str, int] = {}
    found = []
    for path in paths:
        name = path.name.partition(".")[0] or "case"
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name = f"{name}-{names[name]}"
        found.append(capture(name, replace(request, body=path.read_bytes())))
    return found


def capture(name: str, request: Request) -> Captured:
    """Recognise the format of a body.

    Raises:
        InvalidDraft: it is empty, or neither JSON nor a form.
    """
    reason = "it is empty"
    for format_ in FORMATS:
        items = [item for _, item in decode(request, Framing((format_,), lambda _: None))]
        failed = next((item for item in items if isinstance(item, Undecodable)), None)
        if items and not failed:
            return Captured(name, request, format_, tuple(items))
        reason = failed.reason if failed and format_ == "json" else reason
    raise InvalidDraft(name, f"is neither JSON nor a form: {reason}")


def parse_text(value: Any) -> Any:
    """Return what a text says as JSON if that is an object or a list; else the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return parse(value.encode())
        except InvalidJson:
            return value
    return value
