"""Ids: the same for a sender's retry, different for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, Request, encode
from support.folders import source_folder
from support.hosts import HOST, folder_host

WITH_TIME = [{"from": "updated_at", "to": "originalTimestamp"}]
WITHOUT_TIME = [{"from": "total", "to": "properties.total"}]
CREATED = {"id": 7, "total": 10, "updated_at": "2026-03-15T10:00:00Z"}
CHANGED = {"id": 7, "total": 12, "updated_at": "2026-03-15T11:00:00Z"}


def shop(folder: Path, rows: list[Any], *ids: Any) -> Host:
    """Make a host for a shop, which sends the whole order each time, and says in a header what happened."""
    rule = {"type": "track", "event": {"from": "$request.headers.x-topic"}, "map": rows}
    mapping = {"integration": "Shop", "events": [rule]}
    return folder_host(source_folder(folder, mapping=mapping, source={"id": ids}))


def message(host: Host, record: object, headers: Mapping[str, str] | None = None, **more: Any) -> str:
    """Send a record; returns the messageId of its only event."""
    request = Request(encode(record), {"X-Topic": "Order", **(headers or {})}, **more)
    (event,) = host.receive("acme", request).events
    return str(event["messageId"])


@pytest.mark.parametrize("rows", [WITH_TIME, WITHOUT_TIME], ids=["time", "content"])
def test_all_that_happens_to_one_entity_is_a_message_of_its_own(tmp_path: Path, rows: list[Any]) -> None:
    """An order's id stands for the order: its events differ by name and by time, or else by content."""
    host = shop(tmp_path, rows, "id")

    deliveries = [(CREATED, "Created"), (CREATED, "Paid"), (CHANGED, "Created")]
    first = [message(host, order, {"X-Topic": topic}) for order, topic in deliveries]
    retry = [message(host, dict(reversed(order.items())), {"X-Topic": topic}) for order, topic in deliveries]

    assert len(set(first)) == 3
    assert retry == first


def test_an_id_may_be_that_of_the_delivery(tmp_path: Path) -> None:
    """In a header or the query: records alike to the last byte are then two messages, and a retry is one."""
    host = shop(tmp_path, WITH_TIME, "$request.headers.X-Delivery-Id", "$request.query.delivery", "id")

    assert host.reads_request("acme")
    by_header = [message(host, CREATED, {"X-Delivery-Id": number}) for number in ("1", "2", "1")]
    by_query = [message(host, CREATED, query={"delivery": number}) for number in ("3", "4", "3")]

    assert by_header[0] == by_header[2]
    assert by_query[0] == by_query[2]
    assert len({*by_header, *by_query, message(host, CREATED)}) == 5


@pytest.mark.parametrize("version", [None, "", {}], ids=["absent", "empty", "an object"])
def test_an_id_may_be_a_template(tmp_path: Path, version: Any) -> None:
    """It has a value if all its parts have one; otherwise the next entry counts."""
    host = shop(tmp_path / "1", [], {"template": "{id}@{version}"}, "other")
    only_other = shop(tmp_path / "2", [], "other")
    only_id = shop(tmp_path / "3", [], "id")

    complete = {"id": "7", "version": 2, "other": "o"}
    incomplete = {**complete, "version": version}

    assert message(host, complete) == message(only_id, {"id": "7@2"})
    assert message(host, incomplete) == message(only_other, incomplete)


def test_a_record_with_neither_id_nor_time_is_known_by_its_request_as_well(tmp_path: Path) -> None:
    """A heartbeat that is always the same is a message in every request; with an id or a time it is not."""
    heartbeat = shop(tmp_path / "1", [], "id")
    timed = shop(tmp_path / "2", WITH_TIME)

    assert message(heartbeat, {}, id="1") == message(heartbeat, {}, id="1")
    assert len({message(heartbeat, {}, id=number) for number in ("1", "2", "")}) == 3
    assert message(heartbeat, {"id": 7}, id="1") == message(heartbeat, {"id": 7}, id="2")
    assert message(timed, CREATED, id="1") == message(timed, CREATED, id="2")


def test_scopes_share_no_id() -> None:
    """Record 7 of one tenant is neither the message nor the anonymous user that record 7 of another is."""
    request = Request(b'{"log_id": "7", "type": "s", "date": "2026-03-15T10:00:00Z"}')

    def ids(scope: str) -> list[str]:
        received = HOST.receive("auth0", request, scope=scope)
        (streamed,) = HOST.stream("auth0", BytesIO(request.body), scope=scope)
        assert received.events == streamed.events == HOST.receiver("auth0", scope=scope)(request).events
        return [received.events[0][field] for field in ("messageId", "anonymousId")]

    assert ids("one") == ids("one")
    assert HOST.receive("auth0", request).events == HOST.receive("auth0", request, scope="").events
    assert len({*ids(""), *ids("one"), *ids("two"), *ids("\udcff")}) == 8


def test_a_log_is_the_same_message_however_it_is_framed() -> None:
    """Bare, wrapped, under `logs`, or in an event of EventBridge."""
    log = {"log_id": "7", "type": "s", "date": "2026-03-15T10:00:00Z", "user_id": "auth0|1"}
    wrapped = {"log_id": "7", "data": log}
    bodies = [log, [log], wrapped, {"logs": [log]}, {"logs": [wrapped]}, {"id": "e", "detail": wrapped}]

    events = [HOST.receive("auth0", Request(encode(body))).events for body in bodies]

    assert events == [events[0]] * len(bodies)
    assert len(events[0]) == 1


@pytest.mark.parametrize("masked", ["total", "updated_at"])
def test_redaction_merges_no_messages(tmp_path: Path, masked: str) -> None:
    """Events that differ only in what is masked keep the ids they have unmasked."""
    rule = {"type": "track", "event": "E", "map": WITH_TIME if masked == "updated_at" else WITHOUT_TIME}
    source = {"id": ["id"], "secrets": [masked]}
    folder = source_folder(tmp_path, mapping={"integration": "A", "events": [rule]}, source=source)
    host, request = folder_host(folder), Request(encode([CREATED, CHANGED]))

    plain = [event["messageId"] for event in host.receive("acme", request).events]
    redacted = [event["messageId"] for event in host.receive("acme", request, {"redact": "secrets"}).events]

    assert redacted == plain
    assert len(set(plain)) == 2


def test_settings_change_no_ids(tmp_path: Path) -> None:
    """A retry is the same message, also where a setting copies headers that each attempt has anew."""
    row = {"when": {"$config.extra": True}, "from": "$request.headers", "to": "context.headers"}
    rule = {"type": "track", "event": "E", "map": [{"from": "total", "to": "properties.total"}, row]}
    folder = source_folder(
        tmp_path, mapping={"integration": "A", "events": [rule]}, source={"id": ["$request.headers.webhook-id"]}
    )
    host, body = folder_host(folder), encode(CREATED)
    attempts = [{"webhook-id": "1", "webhook-timestamp": str(second)} for second in range(2)]

    plain = host.receive("acme", Request(body, attempts[0])).events
    copied = [
        event
        for sent in attempts
        for event in host.receive("acme", Request(body, sent), {"extra": True}).events
    ]

    assert {event["messageId"] for event in copied} == {plain[0]["messageId"]}
    assert [event["context"]["headers"] for event in copied] == attempts


def test_ids_are_stable_and_differ_between_sources(tmp_path: Path) -> None:
    """The same record is another message for another source, another rule or another position."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "track", "event": "E", "each": "items"}, {"type": "identify"}],
    }
    body = b'{"id": "1", "items": [1, 1]}'
    one = folder_host(source_folder(tmp_path / "one", mapping=mapping, source={"name": "one", "id": ["id"]}))
    two = folder_host(source_folder(tmp_path / "two", mapping=mapping, source={"name": "two", "id": ["id"]}))

    ids = [event["messageId"] for event in one.receive("one", Request(body=body)).events]
    others = [event["messageId"] for event in two.receive("two", Request(body=body)).events]

    assert ids == [event["messageId"] for event in one.receive("one", Request(body=body)).events]
    assert len(set(ids + others)) == 6


def test_equal_records_without_an_id_differ_by_request() -> None:
    """A sender's retry has the same request id; another delivery of the same content has another."""

    def message(request_id: str) -> str:
        (event,) = HOST.receive("auth0", Request(body=b'{"type": "s"}', id=request_id)).events
        return str(event["messageId"])

    assert message("a") == message("a")
    assert len({message("a"), message("b"), message("")}) == 3


@pytest.mark.parametrize("blank", ["", " ", "\0", "\u200b\n", "\u00a0", "\ufeff"], ids=ascii)
def test_a_blank_id_counts_as_absent(blank: str) -> None:
    """Records with blank ids are identified by their content."""
    records = [{"log_id": blank, "data": {"type": "s", "ip": ip}} for ip in ("192.0.2.1", "192.0.2.2")]

    one, other = HOST.receive("auth0", Request(body=encode(records))).events
    again, bare = HOST.receive("auth0", Request(body=encode([records[0], {"type": "s"}]))).events

    assert one["messageId"] == again["messageId"]
    assert len({one["messageId"], other["messageId"], bare["messageId"]}) == 3
    assert one["anonymousId"] != other["anonymousId"]


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\0", " \0\u00a0 "], ids=ascii)
def test_invisible_ids_in_an_event_are_replaced(tmp_path: Path, blank: str) -> None:
    """Downstream they would be blank: they are left out, or derived where an event must have one."""
    rule = {
        "type": "track",
        "event": "E",
        "pass": True,
        "map": [{"value": "2026-03-15", "to": "originalTimestamp"}],
    }
    host = Host(
        folders=[
            source_folder(
                tmp_path,
                mapping={"integration": "Acme", "events": [rule]},
                source={"api": 1, "name": "acme", "id": ["id"]},
            )
        ]
    )

    (bare,) = host.receive("acme", Request(b'{"id": 1}')).events
    odd = {
        "id": 1,
        "userId": blank,
        "anonymousId": blank,
        "messageId": blank,
        "groupId": blank,
        "previousId": blank,
    }
    (event,) = host.receive("acme", Request(encode(odd))).events

    assert event == bare


def test_rules_of_the_same_name_make_different_messages(tmp_path: Path) -> None:
    """Also where a rule is named as another would be numbered."""
    events = [{"type": "track", "name": "track-2", "event": "E"}, *[{"type": "track", "event": "E"}] * 2]
    host = Host(
        folders=[source_folder(tmp_path, mapping={"integration": "A", "emit": "all", "events": events})]
    )

    made = host.receive("acme", Request(body=b'{"id": 1}')).events

    assert len({event["messageId"] for event in made}) == 3
