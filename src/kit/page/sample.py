"""Writes a sample: a request of a fixture, and its events."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from ...core.codec import encode
from ...core.errors import InvalidFixture
from ...core.host import Host
from ...core.outcome import Outcome
from ...core.request import is_credential
from ...core.signature import without_secrets
from ..case import Case
from .markdown import fence, section
from .rows import as_list
from .sample_choice import is_plain_json
from .source_files import SourceFiles


def sample_section(files: SourceFiles, host: Host, case: Case | None) -> str:
    """Write what is posted, with the headers and query values that the mapping may read, and what comes out.

    Raises:
        InvalidFixture: source.json names a fixture that has no event.
    """
    if case is None:
        return ""
    settings = without_secrets(case.config)
    events = [fence(_pretty(json.loads(encode(event))), "json") for event in _receive(host, case).events]
    if not events:
        raise InvalidFixture(str(case.folder), "has no event", "name another sample in source.json")
    return section(
        "A sample",
        "With these settings:" if settings else "",
        fence(_pretty(settings), "json") if settings else "",
        "This request:",
        _headers(files, case),
        _body(case.body),
        f"becomes {'these events' if len(events) > 1 else 'this event'}:",
        *events,
    )


def _receive(host: Host, case: Case) -> Outcome:
    return host.receive(case.source, case.request(), case.config)


def _headers(files: SourceFiles, case: Case) -> str:
    request = case.request()
    shown = files.source.request_filter.apply(request).as_json()
    if not request.body:  # the query is what is sent
        shown["query"] = {
            name: value for name, value in request.query.items() if not is_credential("query", name)
        }
    query = urlencode(shown["query"], doseq=True)
    headers = [f"{name}: {value}" for name, values in shown["headers"].items() for value in as_list(values)]
    lines = [*([f"?{query}"] if query else []), *headers]
    return fence("\n".join(lines)) if lines else ""


def _body(body: bytes) -> str:
    """Write a body, indented if it is plain JSON, else as posted."""
    if is_plain_json(body):
        return fence(_pretty(json.loads(body)), "json")
    text = body.decode("utf-8-sig", "replace").strip()
    return fence(text) if text else ""


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
