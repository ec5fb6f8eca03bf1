"""Writes a sample: a request of a fixture, and its events."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from ...core.codec import encode
from ...core.errors import InvalidFixture, SpringheadError
from ...core.host import Host
from ...core.outcome import Outcome
from ...core.signature import without_secrets
from ...core.suggest import suggest
from ..case import Case
from .markdown import fence, section
from .rows import as_list
from .source_files import SourceFiles


def find_sample(files: SourceFiles, host: Host) -> Case | None:
    """Find the fixture that source.json names, else the shortest that has an event and nothing rejected.

    Those without settings come first, because they show what everyone gets.

    Raises:
        InvalidFixture: source.json names a fixture that does not exist.
    """
    by_name = {case.folder.name: case for case in files.cases}
    name = files.about.get("sample")
    if name is not None and by_name:  # an installed source has left its fixtures behind
        if name not in by_name:
            advice = f"it is the sample of source.json: {suggest(name, list(by_name))}"
            raise InvalidFixture(name, "is not a fixture", advice)
        return by_name[name]
    usable = [case for case in files.cases if _has_only_events(host, case)]
    return min(usable, key=lambda case: (bool(case.config), len(case.body), case.name), default=None)


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


def _has_only_events(host: Host, case: Case) -> bool:
    try:
        outcome = _receive(host, case)
    except SpringheadError:  # `springhead test` says what is wrong with it
        return False
    return bool(outcome.events) and not outcome.rejections


def _receive(host: Host, case: Case) -> Outcome:
    return host.receive(case.source, case.request(), case.config)


def _headers(files: SourceFiles, case: Case) -> str:
    shown = files.source.request_filter.apply(case.request()).as_json()
    query = urlencode(shown["query"], doseq=True)
    headers = [f"{name}: {value}" for name, values in shown["headers"].items() for value in as_list(values)]
    lines = [*([f"?{query}"] if query else []), *headers]
    return fence("\n".join(lines)) if lines else ""


def _body(body: bytes) -> str:
    """Write a body, indented if it is JSON."""
    text = body.decode("utf-8-sig", "replace").strip()
    try:
        return fence(_pretty(json.loads(text)), "json")
    except (ValueError, RecursionError):
        return fence(text) if text else ""


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
