"""Ids: the same for a sender's retry, different for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from springhead import Host, Request, encode
from support.folders import source_folder


def test_ids_are_stable_and_differ_between_sources(tmp_path: Path) -> None:
    """The same record is another message for another source, another rule or another position."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "track", "event": "E", "each": "items"}, {"type": "identify"}],
    }
    body = b'{"id": "1", "items": [1, 1]}'
    one = Host(folders=[source_folder(tmp_path / "one", mapping=mapping, source={"name": "one", "id": ["id"]})])
    two = Host(folders=[source_folder(tmp_path / "two", mapping=mapping, source={"name": "two", "id": ["id"]})])

    ids = [event["messageId"] for event in one.receive("one", Request(body=body)).events]
    others = [event["messageId"] for event in two.receive("two", Request(body=body)).events]

    assert ids == [event["messageId"] for event in one.receive("one", Request(body=body)).events]
    assert len(set(ids + others)) == 6


def test_equal_records_without_an_id_differ_by_request() -> None:
    """A sender's retry has the same request id; another delivery of the same content has another."""
    host = Host()

    def message(request_id: str) -> str:
        (event,) = host.receive("auth0", Request(body=b'{"type": "s"}', id=request_id)).events
        return str(event["messageId"])

    assert message("a") == message("a")
    assert len({message("a"), message("b"), message("")}) == 3


@pytest.mark.parametrize("blank", ["", " ", "\0", "\u200b\n", "\u00a0", "\ufeff"], ids=ascii)
def test_a_blank_id_counts_as_absent(blank: str) -> None:
    """Records with blank ids are identified by their content."""
    records = [{"log_id": blank, "data": {"type": "s", "ip": ip}} for ip in ("192.0.2.1", "192.0.2.2")]

    one, other = Host().receive("auth0", Request(body=encode(records))).events
    again, bare = Host().receive("auth0", Request(body=encode([records[0], {"type": "s"}]))).events

    assert one["messageId"] == again["messageId"]
    assert len({one["messageId"], other["messageId"], bare["messageId"]}) == 3
    assert one["anonymousId"] != other["anonymousId"]


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\0", " \0\u00a0 "], ids=ascii)
def test_invisible_ids_in_an_event_are_replaced(tmp_path: Path, blank: str) -> None:
    """Downstream they would be blank: each gets the id that is derived where there is none."""
    rule = {"type": "track", "event": "E", "pass": True}
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
    odd = {"id": 1, "userId": blank, "anonymousId": blank, "messageId": blank}
    (event,) = host.receive("acme", Request(encode(odd))).events

    assert (event["anonymousId"], event["messageId"]) == (bare["anonymousId"], bare["messageId"])


def test_rules_of_the_same_name_make_different_messages(tmp_path: Path) -> None:
    """Also where a rule is named as another would be numbered."""
    events = [{"type": "track", "name": "track-2", "event": "E"}, *[{"type": "track", "event": "E"}] * 2]
    host = Host(
        folders=[source_folder(tmp_path, mapping={"integration": "A", "emit": "all", "events": events})]
    )

    made = host.receive("acme", Request(body=b'{"id": 1}')).events

    assert len({event["messageId"] for event in made}) == 3
