"""Forms: a body and its content type in, the JSON that RudderStack's gateway makes of a form out.

A form is `{"a": ["1"], "b": ["2", "3"]}`, a multipart one
`{"Value": {field: [text]}, "File": {field: [about]}}`, without the bytes of its files.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from ...core.codec import encode
from .auth import is_malformed
from .responses import FORM, MULTIFORM, ErrorAnswer

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_FIELDS = 1_000
"""Fields and files of the largest form taken: each costs more than its bytes."""
_JSON = re.compile(rb"\s*(?:\xef\xbb\xbf\s*)?(?:\{\s*[\"}]|(\[))")
"""How JSON begins; a form may begin with a bracket, too."""
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
_MEDIA_TYPE = re.compile(rf"\s*{_WORD}/{_WORD}\s*(?:;\s*{_WORD}\s*=\s*(?:{_WORD}|{_QUOTED})\s*)*+(?:;\s*)?")
"""A media type (RFC 9110, section 8.3.1) as Go parses it, which rudder-server leaves it to."""


async def as_json(body: bytes, content_type: str, query: bytes, limit: int) -> bytes | ErrorAnswer:
    """The body, or what it is as JSON where it is a form; what looks like JSON is itself.

    Args:
        body: as posted.
        content_type: the header, which is believed only where the body does not look like JSON.
        query: of the call; rudder-server reads it with a form, and takes neither where one is malformed.
        limit: bytes of the longest field taken.
    """
    named = content_type.lower()
    if not (_FORM in named or _MULTIPART in named) or _looks_like_json(body):
        return body
    if _FORM not in named:
        return await _multipart(body, content_type, limit)
    return FORM if is_malformed(query) else _form(body, content_type)


def _looks_like_json(body: bytes) -> bool:
    found = _JSON.match(body)
    return found is not None and (found[1] is None or body.rstrip().endswith(b"]"))


def _form(body: bytes, content_type: str) -> bytes | ErrorAnswer:
    if body.count(b"&") >= _FIELDS or is_malformed(body) or not _MEDIA_TYPE.fullmatch(content_type):
        return FORM
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.strip().decode("utf-8", "replace"), keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return encode(form) if form else b""


class _Parser(MultiPartParser):
    """Starlette's parser, which by itself takes a body that is cut off for one that has come to its end."""

    has_ended = False

    def on_end(self) -> None:
        """Note the last boundary."""
        self.has_ended = True


async def _multipart(body: bytes, content_type: str, limit: int) -> bytes | ErrorAnswer:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    headers = Headers({"content-type": content_type})
    parser = _Parser(headers, stream(), max_files=_FIELDS, max_fields=_FIELDS, max_part_size=limit)
    parser.spool_max_size = limit  # nothing that is posted goes to a file
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        return MULTIFORM
    found: dict[str, dict[str, list[object]]] = {"Value": {}, "File": {}}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            header = {key.title(): [text] for key, text in value.headers.items()}
            about = {"Filename": value.filename, "Header": header, "Size": value.size}
            found["File"].setdefault(name, []).append(about)
        else:
            found["Value"].setdefault(name, []).append(value)
    await form.close()
    return encode(found) if form and parser.has_ended else MULTIFORM
