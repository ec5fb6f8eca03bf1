"""Fixtures hold no people and no secrets."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from springhead.core.request import Request
from springhead.kit.new.anonymise import anonymise
from springhead.kit.new.captured import capture


def anonymised(body: Any, **headers: str) -> Any:
    """What a JSON body becomes."""
    (one,) = anonymise([capture("case", Request(json.dumps(body).encode(), headers))])
    return json.loads(one.request.body)


def test_the_same_value_has_the_same_example_in_every_body() -> None:
    """So that the fixtures of one source tell one story."""
    bodies = [b'{"email": "mary@corp.io"}', b'{"from": "mary@corp.io", "to": "dorothy@corp.io"}']

    first, second = anonymise([capture("case", Request(body)) for body in bodies])

    assert json.loads(first.request.body) == {"email": "ada@example.com"}
    assert json.loads(second.request.body) == {"from": "ada@example.com", "to": "grace@example.com"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"user": {"name": "Mary Jackson"}}, {"user": {"name": "Ada Example"}}),
        ({"data": {"rider": {"full_name": "Mary Jackson"}}}, {"data": {"rider": {"full_name": "Ada Example"}}}),
        ({"customer_name": "Mary Jackson"}, {"customer_name": "Ada Example"}),
        ({"repository": {"full_name": "acme/mug"}}, {"repository": {"full_name": "acme/mug"}}),
        ({"billing_address": {"line1": "7 High Road"}}, {"billing_address": {"line1": "1 Example Street"}}),
        ({"product": {"name": "Mug"}}, {"product": {"name": "Mug"}}),
        ({"firstName": "Mary", "lastName": "Jackson"}, {"firstName": "Ada", "lastName": "Example"}),
        ({"phone": "+44 20 7946 0000"}, {"phone": "+1 555 0101"}),
        ({"phone": 442079460000}, {"phone": 15550101}),
        ({"ip": "2a00:1450::1"}, {"ip": "2001:db8::1"}),
        ({"ip": "unknown"}, {"ip": "unknown"}),
        ({"version": "1.2.3"}, {"version": "1.2.3"}),
        ({"accessToken": "s3cr3t"}, {"accessToken": "example-secret-1"}),
        ({"user": {"token": None, "password": ""}}, {"user": {"token": None, "password": ""}}),
        (
            {"url": "https://acme.io/reset?id=1&token=s3cr3t"},
            {"url": "https://acme.io/reset?id=1&token=example-secret-1"},
        ),
        ({"url": "https://acme.io/r?token=abc"}, {"url": "https://acme.io/r?token=example-secret-1"}),
        ({"log": f"key sk_live_{'a1' * 10} used"}, {"log": "key example-secret-1 used"}),
        (
            {"login": "mjackson", "url": "https://acme.io/mjackson/x"},
            {"login": "ada", "url": "https://acme.io/ada/x"},
        ),
        ({"login": "order", "type": "order.paid"}, {"login": "ada", "type": "order.paid"}),
        ({"message": '{"email": "mary@corp.io"}'}, {"message": '{"email":"ada@example.com"}'}),
        ({"emails": [["mary@corp.io"]]}, {"emails": [["ada@example.com"]]}),
        (
            {"text": "Mary Jackson paid", "full_name": "Mary Jackson"},
            {"text": "Ada Example paid", "full_name": "Ada Example"},
        ),
    ],
)
def test_what_is_replaced(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Values are recognised by their names and by what they hold, also in text and in JSON in text."""
    assert anonymised(before) == after


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ada@example.com", "ip": "203.0.113.7", "phone": "+1 555 0100", "token": "example-token"},
        {"id": 12345678901234567890, "total": 16.5, "paid": True, "note": None},
    ],
)
def test_what_is_invented_or_nobodys_stays(body: dict[str, Any]) -> None:
    """Numbers are exact."""
    assert anonymised(body) == body


def test_headers_are_searched_too() -> None:
    """A topic may hold an address."""
    (one,) = anonymise([capture("case", Request(b"{}", {"X-Acme-Topic": "mail/mary@corp.io"}))])

    assert one.request.headers == {"X-Acme-Topic": "mail/ada@example.com"}


def test_many_addresses_are_addresses() -> None:
    """There are 762 for documentation; after those they repeat."""
    body = anonymised([{"ip": f"8.8.{index // 250}.{index % 250 + 1}"} for index in range(800)])

    addresses = [ip_address(one["ip"]) for one in body]
    assert len(set(addresses)) == 762


def test_a_long_text_is_searched_in_linear_time() -> None:
    """It ends at all, though no address is in it."""
    text = "y" * 1_000_000

    assert anonymised({"blob": text}) == {"blob": text}
