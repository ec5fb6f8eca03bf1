"""What the formats of a source take, and bodies that are one record as a whole (`"items": "body"`)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, Request, encode
from springhead.core.stream import BLOCK_SIZE
from support.folders import source_folder
from support.hosts import folder_host


def host(tmp_path: Path, **source: Any) -> Host:
    """Make a host whose source takes a body as one item, and copies it."""
    rows = [{"from": "$", "to": "properties.record"}]
    rule = {"type": "track", "when": {"bad": {"exists": False}}, "event": "E", "map": rows}
    mapping = {"integration": "Acme", "events": [rule]}
    about = {"name": "acme", "items": "body", **source}
    return folder_host(source_folder(tmp_path, mapping=mapping, source=about))


@pytest.mark.parametrize(
    ("body", "record"),
    [
        (b'{"logs": [1, 2]}', {"logs": [1, 2]}),
        (b'[{"a": 1}, {"b": 2}]', {"value": [{"a": 1}, {"b": 2}]}),
        (b"[]", {"value": []}),
        (b'"text"', {"value": "text"}),
        (b"7", {"value": 7}),
        (b"null", {"value": None}),
        (b"\xef\xbb\xbf [1e400]", {"value": ["1e400"]}),
        (b"a=1&b=2&b=3", {"a": ["1"], "b": ["2", "3"]}),
        (b"a[b]=1&a[]=2&a[]=3", {"a[b]": ["1"], "a[]": ["2", "3"]}),
        (b'{"a": ["1"], "b": ["2", "3"]}', {"a": ["1"], "b": ["2", "3"]}),
        (b"", {"q": "x"}),
    ],
)
def test_a_body_is_one_record_whatever_it_holds(tmp_path: Path, body: bytes, record: Any) -> None:
    """What is not an object becomes one. A form is what RudderStack's gateway makes of it."""
    acme = host(tmp_path, formats=["form", "query"])

    (event,) = acme.receive("acme", Request(body=body, query={"q": "x"})).events

    assert event["properties"]["record"] == record


@pytest.mark.parametrize("body", [b'{"a": 1}\n{"a": 2}\n', b'[{"a": 1}, {"a": NaN}]', b"[1", b"a=1"])
def test_a_body_that_is_not_one_document_is_one_rejection(tmp_path: Path, body: bytes) -> None:
    """Neither its lines nor its elements are items."""
    outcome = host(tmp_path).receive("acme", Request(body=body))

    assert outcome.events == []
    assert [(one.pointer, one.rule, one.record) for one in outcome.rejections] == [("", "json/syntax", body)]


def test_a_rejected_body_can_be_replayed(tmp_path: Path) -> None:
    """The record of a rejection is the item that the body became."""
    acme = host(tmp_path, unwrap=["value.0"])
    (rejection,) = acme.receive("acme", Request(body=b'[{"bad": 1}]')).rejections

    again = acme.receiver("acme", replay=True, body_is_item=True)(Request(body=encode(rejection.record)))

    assert again.rejections == [rejection]
    assert (rejection.rule, rejection.record) == ("unmatched", {"value": [{"bad": 1}]})


@pytest.mark.parametrize("body", [[{"a": "x"}] * 300_000, {"a": ["x"] * 600_000}], ids=["list", "object"])
def test_a_long_body_is_not_streamed(tmp_path: Path, body: Any) -> None:
    """A file is one record, too."""
    data = encode(body)
    assert len(data) > 2 * BLOCK_SIZE

    (outcome,) = host(tmp_path).stream("acme", io.BytesIO(data))

    (event,) = outcome.events
    assert event["properties"]["record"] == (body if isinstance(body, dict) else {"value": body})


@pytest.mark.parametrize(
    ("formats", "body", "rule"),
    [
        (["json", "form", "query"], b'{"a": 1}\n{"a": 2}', "json/syntax"),
        (["form"], b'{"a": 1}\n{"a": 2}', "json/syntax"),
        (["json-lines"], b"a=1", "json/syntax"),
        (["json", "form"], b"", "json/empty"),
        (["form"], b"hello", "json/syntax"),
        (["form"], b'<?xml version="1.0"?><a/>', "json/syntax"),
        (["form"], b"<a>b=1</a>", "json/syntax"),
        (["form"], b"[a]=1", "json/syntax"),
        (["form"], b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--', "json/syntax"),
    ],
)
def test_a_format_that_is_left_out_is_rejected(
    tmp_path: Path, formats: list[str], body: bytes, rule: str
) -> None:
    """The list replaces the default, and some formats are never taken."""
    folder = source_folder(tmp_path, source={"name": "acme", "formats": formats})

    outcome = folder_host(folder).receive("acme", Request(body=body, query={"a": "1"}))

    assert ([one.rule for one in outcome.rejections], outcome.events) == ([rule], [])


def test_json_is_taken_whatever_the_formats(tmp_path: Path) -> None:
    """Also if they do not list it."""
    folder = source_folder(tmp_path, source={"name": "acme", "formats": ["query"]})

    assert len(folder_host(folder).receive("acme", Request(body=b'{"a": 1}')).events) == 1
