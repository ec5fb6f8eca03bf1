"""A sender's call: ASGI in; what a mapping reads of it, and what is kept of it, out. Never a write key."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from starlette.types import Scope

from ...core.request import CREDENTIALS, Request
from ..storage.records import StoredCall
from .auth import is_malformed, names_key

_JSON = "application/json"
_NAME = "".join(f"(?:{one}|%(?:25)*(?:{ord(one):x}|{ord(one.upper()):x}))" for one in "writekey=")
_KEY_IN_HEADER = re.compile(rf"(?i)({_NAME})[^&#\s\"'<>]*")
"""Where a proxy says in a header which URL was called; any of it may be percent-encoded, even twice."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call as it came in. Its parts are made for who asks for them: most calls need none but the body.

    Attributes:
        scope: of the ASGI call.
        body: read and inflated; of a form, what it is as JSON.
        is_form: whether it was a form.
    """

    scope: Scope
    body: bytes
    is_form: bool = False

    def as_json(self, body: bytes) -> WebhookCall:
        """The same call, its form turned into JSON."""
        return replace(self, body=body, is_form=True)

    def bare(self) -> Request:
        """Its body alone, for where nothing looks around it."""
        return Request(self.body)

    def whole(self) -> Request:
        """The call as mappings and plugins see it: headers and query by name, without the write key."""
        text = _query(self.scope)
        sound = "&".join(pair for pair in text.split("&") if not is_malformed(pair.encode("latin-1")))
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(sound, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        url = self.scope["path"] + (f"?{text}" if text else "")
        return Request(self.body, self._headers(), query, self.scope["method"], url)

    def kept(self) -> StoredCall:
        """The call as it is kept beside a dead letter: without the headers that let it in."""
        whole = self.whole()
        headers = {name: list(values) for name, values in whole.headers.items() if name not in CREDENTIALS}
        query = {name: list(values) for name, values in whole.query.items()}
        return StoredCall(whole.method, whole.url, headers, query, whole.body, whole.id)

    def header(self, wanted: bytes) -> str:
        """The first value of a header, named in lower case; empty where there is none."""
        return next((value.decode("latin-1") for name, value in self.scope["headers"] if name == wanted), "")

    def has_query(self) -> bool:
        """Whether there is more to its query than the write key."""
        return bool(_query(self.scope))

    def _headers(self) -> dict[str, list[str]]:
        headers: dict[str, list[str]] = {}
        for name, value in self.scope["headers"]:
            text = value.decode("latin-1")
            if "%" in text or "key" in text.lower():
                text = _KEY_IN_HEADER.sub(r"\1", text)
            headers.setdefault(name.decode("latin-1").lower(), []).append(text)
        if self.is_form:
            headers["content-type"] = [_JSON]
        return headers


def replayed(call: StoredCall | None, record: bytes) -> Request:
    """The request a kept record came in, with the record alone as its body."""
    if call is None:
        return Request(record)
    return Request(record, call.headers, call.query, call.method, call.url, call.id)


def _query(scope: Scope) -> str:
    """The query, raw, without its write keys."""
    pairs = [pair for pair in scope["query_string"].split(b"&") if pair and not names_key(pair)]
    return b"&".join(pairs).decode("latin-1")
