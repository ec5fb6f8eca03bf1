"""What mappings and the store see of a call: query, address and headers, but no secret."""

from __future__ import annotations

import json
import uuid

import pytest

from support.gateways import KEY, Gateway
from support.webhooks import ACME_KEY, AUTHORIZATION, COOKIE, GUARDED_KEY, NEW_KEY, ODD_KEY, basic, log

VENDORS = "invented-secret-of-the-vendor"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_is_a_record_where_the_source_takes_queries(here: Gateway, method: str) -> None:
    """rudder-server does so for adjust only. A call with neither query nor body brings no record."""
    identity = uuid.uuid4()
    before = len(here.delivered(here.accepted()))

    response = here.call(method, ACME_KEY, f"id={identity}&a=b+c&d=1&d=2&%zz&;")

    assert (response.status_code, response.text) == (200, "ok")
    (event,) = here.delivered(before + 1)[before:]
    assert event["properties"]["id"] == str(identity)
    assert event["properties"]["a"] == "b c"
    assert event["properties"]["d"] == ["1", "2"]
    bare = here.call(method, ACME_KEY)
    assert (bare.status_code, bare.text) == ((200, "") if method == "GET" else (400, "empty batch payload\n"))


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("1.2.3.4, 5.6.7.8", "1.2.3.4"),
        ("1.2. 3.4 ,", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown, 5.6.7.8", "unknown"),
        ("1.2.3.4:5678, 5.6.7.8", "1.2.3.4"),
        ("[2001:db8::1]:5678", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("[::FFFF:102:304]:5678", "1.2.3.4"),
        ("::ffff:nonsense", "::ffff:nonsense"),
        (":5678", "127.0.0.1"),
        ("", "127.0.0.1"),
        (", 5.6.7.8", "127.0.0.1"),
        ("x" * 50_000, "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_the_address_is_the_first_forwarded_one(here: Gateway, header: str | None, address: str) -> None:
    """Without its port. Where there is none, or it is too long, it is the peer's: events must stay short."""
    (event,) = here.sent(log(), headers={} if header is None else {"X-Forwarded-For": header})

    assert event["request_ip"] == address


def test_no_secret_is_stored_or_logged(here: Gateway) -> None:
    """What may be a secret is in no file of the gateway, even if calls are kept and a proxy repeats a key."""
    headers = {
        "Authorization": AUTHORIZATION,
        "Cookie": COOKIE,
        "Proxy-Authorization": AUTHORIZATION,
        "X-Original-URL": f"/v1/webhook?a=1&writeKey={ACME_KEY}&b=2",
        "Referer": f"https://example.com/?next=%2Fv1%3FwriteKey%3D{ACME_KEY}&token={VENDORS}",
        **dict.fromkeys(("X-Acme-Token", "X-Hook-Secret", "X-Webhook-Key", "X-Hub-Signature"), VENDORS),
    }
    query = f"a=1&write%4Bey={ACME_KEY}&code={VENDORS}"
    here.post(b"no json", ACME_KEY, query=query, headers=headers)
    here.post(b"no json", ACME_KEY, headers={"X-Original-URI": f"/v1/webhook?%77rite%4bey={ACME_KEY}&c=3"})
    here.post(b"no json", None, headers=basic(ACME_KEY, "a password"))
    here.post(b"no json", GUARDED_KEY, headers=headers)

    query = f"a=1&b=%zz&c=1;2&writeKey={ACME_KEY}&code={VENDORS}"
    (event,) = here.sent({"id": str(uuid.uuid4())}, key=ACME_KEY, query=query, headers=headers)

    assert event["context"]["url"] == "/v1/webhook?a=1"
    assert event["context"]["query"] == {"a": "1"}
    assert event["context"]["original_url"] == "/v1/webhook?a=1&writeKey=&b=2"
    (call,) = (one.call for one in here.letters() if one.call and one.call.url == "/v1/webhook?a=1")
    assert (sorted(call.headers), call.query) == (
        ["content-length", "user-agent", "x-original-url"],
        {"a": ["1"]},
    )
    files = [*here.data.iterdir(), here.folder / "delivered.jsonl", here.log]
    written = b"".join(file.read_bytes() for file in files)
    keys = (KEY, NEW_KEY, ODD_KEY, ACME_KEY, GUARDED_KEY)
    secrets = [
        *keys,
        *(basic(key)["Authorization"][6:-4] for key in keys),
        AUTHORIZATION,
        COOKIE,
        VENDORS,
        "a password",
    ]
    assert [secret for secret in secrets if secret.encode() in written] == []
    lines = [json.loads(line) for line in here.log.read_text().splitlines()]
    assert {line["event"] for line in lines} <= {"serving", "admin page", "call refused", "records rejected"}
