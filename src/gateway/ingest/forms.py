"""Turns forms into the JSON that RudderStack's gateway makes of them.

A form becomes `{"a": ["1"], "b": ["2", "3"]}`, a multipart form
`{"Value": {field: [text]}, "File": {field: [about]}}`, without the contents of its files.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from ...core.codec import encode
from ...http.answers import Answer
from ...http.query import is_malformed
from .responses import FORM, MULTIFORM

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_FIELDS = 1_000
"""Fields and files of the largest form accepted: each costs more than its bytes."""
_JSON = re.compile(rb"\s*(?:\xef\xbb\xbf\s*)?(?:\{\s*[\"}]|\[\s*[\"{]|(\[))")
"""How JSON begins; but a form may also begin with a lone bracket."""
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
_MEDIA_TYPE = re.compile(rf"\s*{_WORD}/{_WORD}\s*(?:;\s*{_WORD}\s*=\s*(?:{_WORD}|{_QUOTED})\s*)*+(?:;\s*)?")
"""A media type (RFC 9110, section 8.3.1) as Go parses it; rudder-server relies on Go for this."""


def is_form(body: bytes, content_type: str) -> bool:
    """Whether a body is a form. JSON labelled as a form, as curl does by default, is not."""
    named = content_type.lower()
    return (_FORM in named or _MULTIPART in named) and not _looks_like_json(body)


def form_to_json(body: bytes, content_type: str, query: bytes, limit: int) -> bytes | Answer:
    """The JSON of a form; empty if the form is empty.

    Args:
        body: the form.
        content_type: the header, with a multipart form's boundary.
        query: the call's; rudder-server parses it with the form, and refuses both if one is malformed.
        limit: bytes of the longest multipart field accepted.
    """
    if _FORM not in content_type.lower():
        return _multipart(body, content_type, limit)
    return FORM if is_malformed(query) else _urlencoded(body, content_type)


def _looks_like_json(body: bytes) -> bool:
    found = _JSON.match(body)
    return found is not None and (found[1] is None or body.rstrip().endswith(b"]"))


def _urlencoded(body: bytes, content_type: str) -> bytes | Answer:
    if body.count(b"&") >= _FIELDS or is_malformed(body) or not _MEDIA_TYPE.fullmatch(content_type):
        return FORM
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.strip().decode("utf-8", "replace"), keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return encode(form) if form else b""


class _Parser(MultiPartParser):
    """Starlette's parser, which does not say whether the last boundary came: a form may be cut off."""

    has_ended = False

    def on_end(self) -> None:
        """Notes the last boundary."""
        self.has_ended = True


def _multipart(body: bytes, content_type: str, limit: int) -> bytes | Answer:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    headers = Headers({"content-type": content_type})
    parser = _Parser(headers, stream(), max_files=_FIELDS, max_fields=_FIELDS, max_part_size=limit)
    parser.spool_max_size = limit  # no part is written to a temporary file
    try:
        form = _finished(parser)
    except (MultiPartException, KeyError, ValueError):
        return MULTIFORM
    fields: dict[str, dict[str, list[object]]] = {"Value": {}, "File": {}}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            header = {key.title(): [text] for key, text in value.headers.items()}
            about = {"Filename": value.filename, "Header": header, "Size": value.size}
            fields["File"].setdefault(name, []).append(about)
        else:
            fields["Value"].setdefault(name, []).append(value)
    return encode(fields) if form and parser.has_ended else MULTIFORM


def _finished(parser: MultiPartParser) -> FormData:
    """The form, parsed at once: the parser is asynchronous, but has the whole body, and nothing to wait for."""
    try:
        parser.parse().send(None)
    except StopIteration as done:
        form: FormData = done.value
        return form
    raise AssertionError("the parser waits for something")
