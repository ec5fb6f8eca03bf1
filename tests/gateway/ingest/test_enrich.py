"""What an event gets on arrival, as from RudderStack's gateway; where it differs, the test says so."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from springhead.gateway.ingest.enrich import enrich, rudder_id
from support.gateways import Gateway
from support.webhooks import ACME_KEY, log, ready


def test_a_log_becomes_one_event(here: Gateway) -> None:
    """Better than upstream on purpose: the messageId is derived, so that a retry is not a new message."""
    before = datetime.now(UTC).replace(microsecond=0)
    sent = log()

    (event,) = here.sent(sent)

    assert (event["type"], event["event"], event["userId"]) == ("track", "Success Login", "auth0|1")
    assert uuid.UUID(event["messageId"]).version == 5
    assert event["properties"]["log_id"] == sent["log_id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["receivedAt"])
    assert before <= datetime.fromisoformat(event["receivedAt"]) <= datetime.now(UTC)
    assert event["request_ip"] == "127.0.0.1"


RECEIVED = "2026-01-01T12:00:00.500Z"


@pytest.mark.parametrize(
    ("times", "timestamp"),
    [
        ({}, RECEIVED),
        ({"timestamp": "mine"}, "mine"),
        ({"sentAt": "2026-01-01T11:00:00Z", "originalTimestamp": "2026-01-01T11:00:00Z"}, RECEIVED),
        (
            {"sentAt": "2026-01-01T11:00:10Z", "originalTimestamp": "2026-01-01T11:00:00Z"},
            "2026-01-01T11:59:50.500Z",
        ),
        ({"originalTimestamp": "2026-01-01T11:00:00+01:00"}, "2026-01-01T10:00:00.000Z"),
        ({"sentAt": "2026-01-01T12:00:01.500Z"}, "2026-01-01T11:59:59.500Z"),
        ({"sentAt": "soon", "originalTimestamp": 7}, RECEIVED),
        ({"originalTimestamp": "0001-01-01T00:00:00+23:00"}, RECEIVED),
    ],
)
def test_an_event_has_its_time_before_it_waits(times: dict[str, Any], timestamp: str) -> None:
    """However long delivery takes, the time is what RudderStack's gateway would have worked out on arrival."""
    kept = enrich({"userId": "u", "type": "track", "messageId": "1", **times}, "Acme", RECEIVED)

    assert json.loads(kept.event)["timestamp"] == timestamp


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ({"userId": "u", "anonymousId": "a"}, "u:a"),
        ({"userId": " \u200bu\n", "anonymousId": "\ufeffa\0"}, "u:a"),
        ({"userId": 7, "anonymousId": "a"}, "7:a"),
        ({"anonymousId": "ä😀"}, ":ä😀"),
        ({"userId": "u", "anonymousId": "a", "rudderId": "mine"}, "u:a"),
    ],
)
def test_the_rudder_id_is_derived_from_both_ids(here: Gateway, ids: dict[str, Any], text: str) -> None:
    """Their MD5 without invisible characters, with the bits of a random UUID, whatever it was before."""
    (event,) = here.sent(ready(ids), key=ACME_KEY)

    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    assert event["rudderId"] == str(uuid.UUID(bytes=digest, version=4))
    assert (event.get("userId", ""), event["anonymousId"]) == tuple(text.split(":"))


def test_the_rudder_id_is_that_of_rudder_server() -> None:
    """For user `u` without an anonymousId it differs from md5("u:") in the version and variant bits only."""
    plain = hashlib.md5(b"u:", usedforsecurity=False).hexdigest()
    found = rudder_id("u", "").replace("-", "")

    assert [at for at, (one, other) in enumerate(zip(plain, found, strict=True)) if one != other] <= [12, 16]
    assert (found[12], found[16] in "89ab") == ("4", True)


def test_an_event_keeps_what_it_brings(here: Gateway) -> None:
    """`receivedAt` and `request_ip` are added only where the key is absent."""
    own = {"userId": "u", "receivedAt": "once", "request_ip": 7, "messageId": " \u200bmine\0 "}

    (event,) = here.sent(ready(own), key=ACME_KEY)

    assert (event["receivedAt"], event["request_ip"], event["messageId"]) == ("once", 7, "mine")


@pytest.mark.parametrize("message", [" \0\u00a0 ", "", "\u200b\u2060", None, 7, ["a"], {"a": 1}], ids=ascii)
def test_an_unusable_message_id_is_derived(here: Gateway, message: object) -> None:
    """Better than upstream on purpose: not random, so that the sender's retry is the same message."""
    record = ready({"userId": "u", "messageId": message})

    (event,) = here.sent(record, key=ACME_KEY)

    assert uuid.UUID(event["messageId"]).version == 5
    assert here.sent(record, key=ACME_KEY) == []


@pytest.mark.parametrize("blank", [{}, {"userId": ""}, {"userId": " \u200b", "anonymousId": "\0"}], ids=ascii)
def test_an_event_without_a_user_gets_an_anonymous_id(here: Gateway, blank: dict[str, Any]) -> None:
    """Upstream answers `request neither has anonymousId nor userId`, and rejects the whole webhook."""
    (event,) = here.sent(ready(blank), key=ACME_KEY)

    assert uuid.UUID(event["anonymousId"]).version == 5
    assert "userId" not in event


@pytest.mark.parametrize(("user", "text"), [(7, "7"), (2**64 + 1, str(2**64 + 1)), (1.5, "1.5"), (0, "0")])
def test_a_numeric_user_id_becomes_text(here: Gateway, user: float, text: str) -> None:
    """To the last digit, which upstream loses beyond 2^53."""
    (event,) = here.sent(ready({"userId": user}), key=ACME_KEY)

    assert event["userId"] == text


def test_nul_is_removed(here: Gateway) -> None:
    """Better than upstream on purpose: it answers 400. An escaped backslash before u0000 is not a NUL."""
    sent = json.dumps({"id": str(uuid.uuid4()), "a\0b": ["c\0", {"d": "\\u0000"}]}).encode()
    assert rb"\u0000" in sent

    (event,) = here.sent(sent, key=ACME_KEY)

    assert event["properties"]["ab"] == ["c", {"d": "\\u0000"}]
