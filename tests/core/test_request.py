"""What a mapping can read of a request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from springhead import Host, Request, encode
from support.folders import source_folder


def test_a_body_that_is_text_raises() -> None:
    """The host needs the bytes as posted."""
    with pytest.raises(TypeError, match="bytes, as posted, not str"):
        Request(body="{}")  # type: ignore[arg-type] # the mistake


def test_odd_bytes_in_headers_become_valid_text(tmp_path: Path) -> None:
    """Servers decode them to lone surrogates, which UTF-8 does not have."""
    mapping = {
        "integration": "Acme",
        "events": [
            {"type": "track", "event": "E", "map": [{"from": "$request.headers.x-a", "to": "properties.a"}]}
        ],
    }
    host = Host(folders=[source_folder(tmp_path, mapping=mapping)])

    (event,) = host.receive("acme", Request(body=b"{}", headers={"X-A": "\udcff"}, id="\udcff")).events

    assert json.loads(encode(event))["properties"] == {"a": "\ufffd"}


def test_a_mapping_reads_no_credentials(tmp_path: Path) -> None:
    """What authenticates a call never reaches an event, even if the mapping copies all headers."""
    rows = [{"from": "$request.headers", "to": "context.headers"}]
    host = Host(
        folders=[
            source_folder(
                tmp_path,
                mapping={"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]},
            )
        ]
    )
    headers = {
        "Authorization": "Basic a2V5Og==",
        "COOKIE": "a=b",
        "Proxy-Authorization": "x",
        "X-Id": "1",
    }

    (event,) = host.receive("acme", Request(b"{}", headers)).events

    assert event["context"]["headers"] == {"x-id": "1"}
