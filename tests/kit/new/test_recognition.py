"""What a field is, is recognised by its name, its place and its values."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from springhead.core.request import Request
from springhead.kit.new.captured import capture
from springhead.kit.new.draft import draft_source
from springhead.kit.new.times import notation_of


def drafted(*bodies: dict[str, Any], **headers: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The source.json and the mapping.json drafted from bodies with these headers."""
    request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    captured = [capture("case", Request(json.dumps(body).encode(), request_headers)) for body in bodies]
    files = draft_source("acme", captured).files
    return files["source.json"], files["mapping.json"]


def reads(mapping: dict[str, Any], target: str) -> Any:
    """What the row for a target reads; None if there is none."""
    return next((row["from"] for row in mapping["map"] if row["to"] == target), None)


def test_events_of_the_spec_pass_as_they_are() -> None:
    """As those that Segment forwards; one record of another kind, and all of them are mapped."""
    events = [{"type": "identify", "userId": "1"}, {"type": "track", "event": "E", "anonymousId": "2"}]

    assert drafted(*events)[1] == {"integration": "Acme", "events": [{"pass": True}]}
    assert "map" in drafted(*events, {"type": "track", "user": "1"})[1]


@pytest.mark.parametrize(
    ("value", "apply"),
    [
        ("2024-03-15T10:15:30+01:00", [{"time": "iso"}]),
        ("2024-03-15 10:15:30", [{"time": "iso"}]),
        (1710497730, [{"time": "s"}]),
        (1710497730.5, [{"time": "s"}]),
        (1710497730123, [{"time": "ms"}]),
        ("1710497730", [{"time": "s"}]),
        ("Fri, 15 Mar 2024 10:15:30 +0000", [{"time": "%a, %d %b %Y %H:%M:%S %z"}]),
        (7, None),
        (True, None),
        ("soon", None),
    ],
)
def test_the_notation_of_a_time(value: Any, apply: list[Any] | None) -> None:
    """It is one in which the value is a time of our days."""
    assert notation_of([value]) == apply


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"type": "order.paid"}, {"from": "type"}),
        ({"event": "paid", "type": "order"}, {"from": "event"}),
        ({"type": "order", "action": "paid"}, {"template": "{type} {action}", "else": {"from": "type"}}),
        (
            {"metric": "clicked", "object_type": "email"},
            {"template": "{object_type} {metric}", "else": {"from": "object_type"}},
        ),
        ({"action": "paid", "object": "order"}, {"template": "{object} {action}", "else": {"from": "object"}}),
        ({"action": "paid", "object": {"id": 1}}, {"from": "action"}),
        ({"id": 1, "meta": {"event_type": "paid"}, "status": "ok"}, {"from": "meta.event_type"}),
        ({"user": {"type": "admin"}}, "Acme Event"),
        ({"type": "https://example.com/types/1"}, "Acme Event"),
    ],
)
def test_the_name_of_an_event(body: dict[str, Any], event: Any) -> None:
    """A name of its own comes before one that says half of it; without any it is a constant."""
    _, mapping = drafted(body)

    assert mapping["events"] == [{"type": "track", "event": event}]


def test_a_header_names_the_event_before_the_body_does() -> None:
    """Vendors that have one send entities, whose members are named like events."""
    _, mapping = drafted({"type": "sku"}, X_Acme_Topic="orders/create")

    assert mapping["events"][0]["event"] == {"from": "$request.headers.x-acme-topic"}


@pytest.mark.parametrize(
    ("amount", "row"),
    [
        ({"amount": 1999}, {"from": "amount", "apply": [{"shift": -2}], "to": "properties.revenue"}),
        ({"total": 1999}, {"from": "total", "to": "properties.revenue"}),
        ({"total_cents": 1999}, {"from": "total_cents", "apply": [{"shift": -2}], "to": "properties.revenue"}),
        ({"price": 19.99}, {"from": "price", "to": "properties.revenue"}),
        (
            {"total_tax": "1.00", "total_price": "19.99"},
            {"from": "total_price", "apply": ["number"], "to": "properties.revenue"},
        ),
    ],
)
def test_money(amount: dict[str, Any], row: dict[str, Any]) -> None:
    """An amount has a currency beside it, and is in minor units where its name or an integer says so."""
    _, mapping = drafted({**amount, "currency": "gbp"})
    _, without_currency = drafted(amount)

    assert row in mapping["map"]
    assert reads(without_currency, "properties.revenue") is None


@pytest.mark.parametrize(
    ("body", "headers", "ids"),
    [
        ({"id": 1, "created_at": "2024-03-15T10:15:30Z"}, {}, ["id"]),
        ({"delivery": {"uuid": "d"}, "created_at": "2024-03-15T10:15:30Z"}, {}, ["delivery.uuid"]),
        ({"order": {"uuid": "o"}, "created_at": "2024-03-15T10:15:30Z"}, {}, None),
        ({"id": 1}, {}, None),
        ({"id": 1}, {"X_Acme_Delivery": "d"}, ["$request.headers.x-acme-delivery"]),
        ({"a": 1}, {"Webhook_Id": "d"}, ["$request.headers.webhook-id"]),
        ({"a": 1}, {"X_Acme_Webhook_Id": "hook"}, None),
    ],
)
def test_the_id_of_a_delivery(body: dict[str, Any], headers: dict[str, str], ids: Any) -> None:
    """An entity's id counts only beside a time, and a subscription's never."""
    about, _ = drafted(body, **headers)

    assert about.get("id") == ids


def test_a_value_that_some_bodies_lack_has_a_second_path() -> None:
    """Rows read the first that has a value."""
    _, mapping = drafted({"user_id": 7}, {"customer": {"id": 8}})

    assert reads(mapping, "userId") == ["user_id", "customer.id"]


FORM = {
    "token": "s3cr3t",
    "account": "7",
    "delivery_id": "d1",
    "event_data": json.dumps({"type": "order.paid", "at": 1710497730, "email": "mary@corp.io"}),
}


def test_text_that_is_json_is_the_record_of_a_form_with_other_fields() -> None:
    """What is around it is an envelope, whose secrets are listed as well."""
    form = capture("case", Request(urlencode(FORM).encode()))
    about = draft_source("acme", [form]).files["source.json"]

    assert about["unwrap"] == ["event_data"]
    assert about["id"] == ["$item.delivery_id"]
    assert (about["secrets"], about["pii"]) == (["**.token"], ["**.email"])


def test_a_link_with_a_key_is_secret() -> None:
    """`redact` masks it, but it stays a property: a link to an order is sent to be used."""
    about, mapping = drafted({"type": "order.paid", "status_url": "https://acme.io/orders/7?key=k3y"})

    assert about["secrets"] == ["**.status_url"]
    assert reads(mapping, "properties.status_url") == "status_url"


def test_text_that_is_json_beside_the_name_of_the_event_stays_text() -> None:
    """It is said, and the people in it are listed."""
    captured = capture("case", Request(json.dumps({**FORM, "type": "order.paid"}).encode()))
    draft = draft_source("acme", [captured])

    assert "unwrap" not in draft.files["source.json"]
    assert draft.files["source.json"]["pii"] == ["**.email"]
    assert "event_data holds JSON as text" in draft.guesses


def test_a_nested_name_is_personal() -> None:
    """Wherever the record has it."""
    about, _ = drafted({"data": {"rider": {"full_name": "Mary Jackson"}}, "customer_name": "Mary Jackson"})

    assert about["pii"] == ["data.rider.full_name", "customer_name"]
