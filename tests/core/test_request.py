"""What mappings may read of a request, which is all that may be kept of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, InvalidConfig, Request, encode
from springhead.core.request_filter import HARMLESS as HARMLESS_NAMES
from springhead.core.request_filter import HARMLESS_ENDINGS, RequestFilter
from support.folders import source_folder
from support.hosts import folder_host
from support.paths import DOCS


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
    host = folder_host(source_folder(tmp_path, mapping=mapping))

    (event,) = host.receive("acme", Request(body=b"{}", headers={"X-A": "\udcff"}, id="\udcff")).events

    assert json.loads(encode(event))["properties"] == {"a": "\ufffd"}


SECRETS = {
    "Authorization": "a secret",
    "COOKIE": "a secret",
    "X-API-Key": "a secret",
    "X-Acme-Token": "a secret",
    "X-Hook-Secret": "a secret",
    "X-Webhook-Key": "a secret",
    "X-Hub-Signature-256": "a secret",
    "Referer": "https://example.com/?token=a secret",
    "X-Original-URL": "/?token=a secret",
    "X-Forwarded-Uri": "/?token=a secret",
}
HARMLESS: dict[str, str | list[str]] = {
    "Content-Type": "application/json",
    "User-Agent": "Acme/1",
    "X-Acme-Topic": "orders",
    "X-Acme-Delivery-Id": ["1", "2"],
}


WHOLE = tuple(
    {"from": f"$request.{part}", "to": f"properties.{part}"} for part in ("headers", "query", "method", "url")
)
"""Rows that copy all that there is of a request."""


def host_of(folder: Path, *rows: dict[str, Any], **source: Any) -> Host:
    """A host with the source Acme, whose mapping has these rows."""
    rule = {"type": "track", "event": "E", "map": rows}
    files: dict[str, Any] = {
        "mapping": {"integration": "Acme", "events": [rule]},
        "source": {"name": "acme", **source},
    }
    return folder_host(source_folder(folder, **files))


def test_a_mapping_that_copies_a_request_gets_what_is_harmless(tmp_path: Path) -> None:
    """Any header or query value may be a secret, whatever its name."""
    host = host_of(tmp_path, *WHOLE)
    query = {"token": "a secret", "q": "a secret"}
    request = Request(b"{}", {**HARMLESS, **SECRETS}, query, "POST", "/hook?token=a%20secret&q=a%20secret")

    (event,) = host.receive("acme", request).events

    assert event["properties"] == {
        "headers": {
            "content-type": "application/json",
            "user-agent": "Acme/1",
            "x-acme-topic": "orders",
            "x-acme-delivery-id": ["1", "2"],
        },
        "query": {},
        "method": "POST",
        "url": "/hook",
    }


def test_the_documents_list_what_is_harmless() -> None:
    """Authors read there which headers they need not name."""
    text = (DOCS / "mapping.md").read_text()

    assert [name for name in (*HARMLESS_NAMES, *HARMLESS_ENDINGS) if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("row", "headers", "query"),
    [
        ({"from": "$request.headers.X-Token"}, {"x-token"}, set()),
        ({"from": ["id", "$request.query.t"]}, set(), {"t"}),
        ({"from": "$request.headers.x-list.0"}, {"x-list", "x-list.0"}, set()),
        ({"from": '$request.headers."x.y"'}, {"x.y"}, set()),
        ({"from": "$request.query.hub.challenge"}, set(), {"hub", "hub.challenge"}),
        ({"from": "$request.headers", "pick": ["x-token", "cookie"]}, {"x-token"}, set()),
        ({"from": ["id", "$request.query"], "pick": ["t"]}, set(), {"t"}),
        ({"template": "{$request.headers.x-token}/{$request.query.t}"}, {"x-token"}, {"t"}),
        ({"from": "id", "when": {"any": [{"$request.query.t": "1"}]}}, set(), {"t"}),
        ({"from": "id", "else": {"from": "$request.query.t"}}, set(), {"t"}),
        ({"from": "list", "each": [{"from": "$request.query.t", "to": "t"}]}, set(), {"t"}),
        ({"object": {"a": {"from": "$request.query.t"}}}, set(), {"t"}),
        ({"from": "$request.headers"}, set(), set()),
        ({"from": "$request.url"}, set(), set()),
    ],
)
def test_what_a_mapping_reads_by_name_passes(
    tmp_path: Path, row: dict[str, Any], headers: set[str], query: set[str]
) -> None:
    """Wherever it names a header or a query value."""
    host = host_of(tmp_path, {**row, "to": "properties.a"})

    assert host.request_filter("acme") == RequestFilter(frozenset(headers), frozenset(query))


def test_what_an_id_reads_passes(tmp_path: Path) -> None:
    """Also in a template."""
    ids = ["$request.headers.x-id", {"template": "{$request.query.shop}/{id}"}]

    found = host_of(tmp_path, id=ids).request_filter("acme")

    assert found == RequestFilter(frozenset({"x-id"}), frozenset({"shop"}))


def test_the_operator_allows_more(tmp_path: Path) -> None:
    """By name, for a mapping that copies all headers or the query."""
    host = host_of(tmp_path, *WHOLE)
    request = Request(
        b"{}", {"X-Shop": "1", "X-Token": "t"}, {"a b": "1", "t": "t"}, url="/?a+b=1&t=t&a%20b;t=t"
    )

    (event,) = host.receive("acme", request, {"allow_headers": ["X-Shop"], "allow_query": ["a b"]}).events

    assert event["properties"] == {
        "headers": {"x-shop": "1"},
        "query": {"a b": "1"},
        "method": "POST",
        "url": "/?a+b=1",
    }


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"allow_headers": "x-shop"}, "allow_headers is text: give a list of names"),
        ({"allow_query": [7]}, "allow_query is a list: give a list of names"),
        ({"allow_headers": ["Cookie"]}, "allow_headers lists 'Cookie', which is a credential"),
        ({"allow_query": ["writeKey"]}, "allow_query lists 'writeKey', which is a credential"),
    ],
)
def test_the_operator_cannot_allow_credentials(tmp_path: Path, config: dict[str, Any], reason: str) -> None:
    """A setting that is wrong is an error, not ignored."""
    host = host_of(tmp_path)

    with pytest.raises(InvalidConfig, match=reason):
        host.receiver("acme", config)
    with pytest.raises(InvalidConfig, match=reason):
        host.request_filter("acme", config)


def test_a_query_that_is_the_record_holds_no_write_key(tmp_path: Path) -> None:
    """rudder-server passes it on with the query."""
    host = host_of(tmp_path, {"from": "$", "to": "properties"}, formats=["query"])

    (event,) = host.receive("acme", Request(query={"writeKey": "k", "a": "1"})).events

    assert event["properties"] == {"a": "1"}
    assert host.receive("acme", Request(query={"writeKey": "k"})).events == []


def test_a_filtered_request_has_the_same_outcome(tmp_path: Path) -> None:
    """So a replay of what was kept makes the same event, with the same id."""
    token = {"from": "$request.headers.X-Acme-Token", "to": "properties.token"}
    host = host_of(tmp_path, *WHOLE, token, id=["$request.query.shop"])
    query = {"shop": "s", "token": "t"}
    request = Request(b'{"a": 1}', {**HARMLESS, **SECRETS}, query, "PUT", "/?token=t&shop=s", "call-1")

    filtered = host.request_filter("acme").apply(request)

    assert filtered.query == {"shop": "s"}
    assert "x-acme-token" in filtered.headers
    assert host.receive("acme", filtered) == host.receive("acme", request)
    assert host.request_filter("acme").apply(filtered) == filtered


@pytest.mark.parametrize(
    ("condition", "headers", "hint"),
    [
        ({"$request.headers.x-topic": "a"}, {}, True),
        ({"k": 1, "any": [{"$request.headers": {"exists": False}}]}, {}, True),
        ({"$request.headers.x-topic": "a"}, {"X-Topic": "b"}, False),
        ({"$request.headers.x-topic": "a"}, {"Host": "example.com"}, False),
        ({"$request.query.topic": "a"}, {}, False),
        ({"k": 1}, {}, False),
    ],
)
def test_an_unmatched_record_says_that_no_headers_came(
    tmp_path: Path, condition: dict[str, Any], headers: dict[str, str], hint: bool
) -> None:
    """Only where a rule reads one: a file, or a caller that forgets them, has none."""
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "when": condition}]}
    host = folder_host(source_folder(tmp_path, mapping=mapping))

    (rejection,) = host.receive("acme", Request(body=b"{}", headers=headers)).rejections

    assert rejection.rule == "unmatched"
    assert rejection.reason.endswith("; no headers came with this request") == hint
