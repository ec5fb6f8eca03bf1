"""The webhook endpoint, over HTTP, as RudderStack's own gateway answers; where not, the test says so."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import re
import resource
import shutil
import socket
import time
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from springhead import Host
from springhead.gateway.app import Gateway as WebhookGateway
from springhead.gateway.ingest.enrich import rudder_id
from springhead.gateway.settings import load_settings
from support.folders import source_folder
from support.gateways import KEY, SOURCE, Gateway, gateway, toml

NEW_KEY = "key-that-takes-over-next-week"
ODD_KEY = "odd/key+with=signs&more%20?#;~"
OFF_KEY = "key-of-a-tenant-that-left"
GUARDED_KEY = "key-of-the-guarded-tenant"
ACME_KEY = "key-of-the-acme-workspace"
AUTHORIZATION = "Bearer invented-authorization"
COOKIE = "session=invented-cookie"

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ERROR = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", "vary": "Origin"}

ACME: dict[str, Any] = {
    "source": {"api": 1, "name": "acme", "formats": ["json", "form", "query"], "id": ["id"]},
    "mapping": {
        "integration": "Acme",
        "reply": [
            {"when": {"type": "url_verification"}, "body": {"object": {"challenge": {"from": "challenge"}}}},
            {"when": {"type": "hello"}, "body": "hello yourself", "content_type": "text/plain"},
        ],
        "events": [
            {"type": "drop", "when": {"type": "heartbeat"}},
            {"when": {"event": {"exists": True}, "type": "ready"}, "pass": "event"},
            {
                "type": "track",
                "event": "Taken",
                "map": [
                    {"from": "$", "to": "properties"},
                    {"from": "$request.headers", "to": "context.headers"},
                    {"from": "$request.query", "to": "context.query"},
                    {"from": "$request.url", "to": "context.url"},
                ],
            },
        ],
    },
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with several sources, that takes bodies of up to 100,000 bytes."""
    folder = tmp_path_factory.mktemp("gateway")
    sources = (
        {**SOURCE, "write_key": [KEY, NEW_KEY, ODD_KEY]},
        {"name": "Off", "type": "auth0", "write_key": [OFF_KEY], "enabled": False},
        {"name": "Guarded", "type": "auth0", "write_key": [GUARDED_KEY], "authorization": AUTHORIZATION},
        {"name": "Acme", "type": "acme", "write_key": [ACME_KEY]},
    )
    sections: dict[str, dict[str, Any]] = {
        "limits": {"body": 100_000, "read_timeout": 1},
        "store": {"keep_requests": True},
    }
    with gateway(folder, *sources, folders=(source_folder(folder, **ACME),), **sections) as one:
        yield one


def log(**data: Any) -> dict[str, Any]:
    """An Auth0 log that was never sent before."""
    return {"log_id": str(uuid.uuid4()), "data": {"type": "s", "user_id": "auth0|1", **data}}


def basic(user: str, password: str = "") -> dict[str, str]:
    """Headers with Basic authentication."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def ready(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A record that holds an event which passes through Acme's mapping."""
    return {"id": str(uuid.uuid4()), "type": "ready", "event": {"type": "identify", **event}, **more}


# Who may post


@pytest.mark.parametrize(
    ("key", "headers", "status", "text"),
    [
        (None, {}, 401, "failed to read writekey from query params\n"),
        ("", {}, 401, "failed to read writekey from query params\n"),
        (None, basic("", KEY), 401, "failed to read writekey from query params\n"),
        (None, {"Authorization": f"Bearer {KEY}"}, 401, "failed to read writekey from query params\n"),
        (None, {"Authorization": "Basic ***"}, 401, "failed to read writekey from query params\n"),
        ("unknown", {}, 401, "invalid write key\n"),
        (KEY[:-1], {}, 401, "invalid write key\n"),
        (KEY.upper(), {}, 401, "invalid write key\n"),
        (f"{KEY}%00", {}, 401, "invalid write key\n"),
        ("%FF%FE", {}, 401, "invalid write key\n"),
        (None, basic("unknown"), 401, "invalid write key\n"),
        (None, {"Authorization": b"Basic " + base64.b64encode(b"\xff\xfe:")}, 401, "invalid write key\n"),
        ("unknown", basic(KEY), 401, "invalid write key\n"),
        (f"unknown&writeKey={KEY}", {}, 401, "invalid write key\n"),
        (f"unknown&writeKey=%zz&writeKey={KEY}", {}, 401, "invalid write key\n"),
        (f"{KEY}%", {}, 401, "failed to read writekey from query params\n"),
        (f"{KEY};", {}, 401, "failed to read writekey from query params\n"),
        (OFF_KEY, {}, 404, "source is disabled\n"),
        (GUARDED_KEY, {}, 401, "invalid authorization\n"),
        (GUARDED_KEY, {"Authorization": ""}, 401, "invalid authorization\n"),
        (GUARDED_KEY, {"Authorization": AUTHORIZATION[:-1]}, 401, "invalid authorization\n"),
        (GUARDED_KEY, {"Authorization": AUTHORIZATION.lower()}, 401, "invalid authorization\n"),
    ],
)
def test_who_may_not_post_is_told_and_nothing_is_kept(
    here: Gateway, key: str | None, headers: dict[str, str], status: int, text: str
) -> None:
    """The text ends in a newline, and its headers say that it is a text."""
    before = here.kept()

    response = here.post(log(), key, headers=headers)

    assert (response.status_code, response.text) == (status, text)
    assert ERROR.items() <= response.headers.items()
    assert here.kept() == before


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        (KEY, {}),
        (NEW_KEY, {}),
        (None, basic(KEY)),
        (None, basic(NEW_KEY, "any password")),
        (None, {"Authorization": basic(KEY)["Authorization"].replace("Basic", "bASIC")}),
        (KEY, basic("unknown")),
        (f"{KEY}&writeKey=unknown", {}),
        (f"&writeKey={KEY}", basic(KEY)),
        (f"%zz&writeKey={KEY}", {}),
        (f"%&writeKey=a;b&;&writeKey={KEY}&%z", {}),
        (";", basic(KEY)),
        ("".join(f"%{byte:02X}" for byte in ODD_KEY.encode()), {}),
        (None, basic(ODD_KEY)),
        (GUARDED_KEY, {"Authorization": AUTHORIZATION}),
    ],
)
def test_who_has_a_key_may_post(here: Gateway, key: str | None, headers: dict[str, str]) -> None:
    """By the query's first key or, where that is empty, by Basic's user; any of a source's keys.

    Pairs of the query that are malformed are dropped in silence.
    """
    response = here.post(log(), key, headers=headers)

    assert (response.status_code, response.content) == (200, b"ok")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_key_may_be_named_in_escapes(here: Gateway) -> None:
    """The query is a form: `write%4Bey` is `writeKey`."""
    assert here.call("POST", None, f"write%4Bey={KEY}", json=log()).text == "ok"


# Methods and paths


def test_a_get_is_answered_and_does_nothing(here: Gateway) -> None:
    """An empty 200 for who may post, whatever it brings; who may not is told so."""
    before = here.kept()

    for response in (here.call(), here.call("GET", KEY, "type=s&log_id=1"), here.call("GET", content=b"{}")):
        assert (response.status_code, response.content) == (200, b"")
        assert "content-type" not in response.headers
    assert here.call("GET", "unknown").status_code == 401
    assert here.kept() == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_is_a_record_where_the_source_takes_queries(here: Gateway, method: str) -> None:
    """As rudder-server has it for adjust only; a call with neither query nor body says nothing."""
    identity = uuid.uuid4()
    before = here.accepted()

    response = here.call(method, ACME_KEY, f"id={identity}&a=b+c&d=1&d=2&%zz&;")

    assert (response.status_code, response.text) == (200, "ok")
    (event,) = here.delivered(before + 1)[before:]
    assert event["properties"]["id"] == str(identity)
    assert event["properties"]["a"] == "b c"
    assert event["properties"]["d"] == ["1", "2"]
    bare = here.call(method, ACME_KEY)
    assert (bare.status_code, bare.text) == ((200, "") if method == "GET" else (400, "empty batch payload\n"))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_any_other_method_is_refused(here: Gateway, method: str) -> None:
    """405, empty, and what is allowed."""
    response = here.call(method)

    assert (response.status_code, response.content) == (405, b"")
    assert (response.headers["allow"], response.headers["vary"]) == ("GET, POST", "Origin")


@pytest.mark.parametrize("path", ["/v1/webhook/", "/v1//webhook", "/V1/webhook", "/v1/webhook%2F", "/v1", "/x"])
def test_any_other_path_is_not_found(here: Gateway, path: str) -> None:
    """The path is exact."""
    response = here.get(f"{path}?writeKey={KEY}", "POST", content=json.dumps(log()))

    assert (response.status_code, response.text) == (404, "404 page not found\n")
    assert ERROR.items() <= response.headers.items()


def test_a_page_may_call_from_anywhere(here: Gateway) -> None:
    """The preflight needs no key, any origin and header may be, and credentials too."""
    origin = {"Origin": "https://example.com"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-one, content-type"}

    preflight = here.call("OPTIONS", None, headers=origin | asked)
    response = here.post(log(), headers=origin)

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://example.com"
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert preflight.headers["access-control-allow-methods"] == "GET, POST, HEAD"
    assert preflight.headers["access-control-allow-headers"] == "x-one, content-type"
    assert preflight.headers["access-control-max-age"] == "900"
    assert "Origin" in preflight.headers["vary"]
    assert response.headers["access-control-allow-origin"] == "https://example.com"
    assert response.headers["access-control-allow-credentials"] == "true"
    assert (response.text, response.headers["vary"]) == ("ok", "Origin")


# What an event gets on its way in


def test_a_valid_log_is_ok_and_becomes_one_event(here: Gateway) -> None:
    """Better than upstream on purpose: the messageId is derived, so that a retry is no new message."""
    before = datetime.now(UTC).replace(microsecond=0)
    sent = log()

    (event,) = here.sent(sent)

    assert (event["type"], event["event"], event["userId"]) == ("track", "Success Login", "auth0|1")
    assert uuid.UUID(event["messageId"]).version == 5
    assert event["properties"]["log_id"] == sent["log_id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["receivedAt"])
    assert before <= datetime.fromisoformat(event["receivedAt"]) <= datetime.now(UTC)
    assert event["request_ip"] == "127.0.0.1"


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
def test_the_rudder_id_is_made_of_both_ids(here: Gateway, ids: dict[str, Any], text: str) -> None:
    """Their MD5, as read downstream, with the bits of a random UUID; whatever it was before."""
    (event,) = here.sent(ready(ids), key=ACME_KEY)

    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    assert event["rudderId"] == str(uuid.UUID(bytes=digest, version=4))
    assert (event.get("userId", ""), event["anonymousId"]) == tuple(text.split(":"))


def test_the_rudder_id_is_rudder_servers() -> None:
    """Of user `u` and nobody else it is md5("u:") with the bits set, written out."""
    plain = hashlib.md5(b"u:", usedforsecurity=False).hexdigest()
    found = rudder_id("u", "").replace("-", "")

    assert [at for at, (one, other) in enumerate(zip(plain, found, strict=True)) if one != other] <= [12, 16]
    assert (found[12], found[16] in "89ab") == ("4", True)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("1.2.3.4, 5.6.7.8", "1.2.3.4"),
        ("1.2. 3.4 ,", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown, 5.6.7.8", "unknown"),
        ("", "127.0.0.1"),
        (", 5.6.7.8", "127.0.0.1"),
        ("x" * 50_000, "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_the_address_is_the_first_that_is_forwarded(here: Gateway, header: str | None, address: str) -> None:
    """An address too long to be one, or none, is the peer's: the event must stay short."""
    (event,) = here.sent(log(), headers={} if header is None else {"X-Forwarded-For": header})

    assert event["request_ip"] == address


def test_what_an_event_brings_of_its_own_stays(here: Gateway) -> None:
    """`receivedAt` and `request_ip` are added only where the key is not there."""
    own = {"userId": "u", "receivedAt": "once", "request_ip": 7, "messageId": " \u200bmine\0 "}

    (event,) = here.sent(ready(own), key=ACME_KEY)

    assert (event["receivedAt"], event["request_ip"], event["messageId"]) == ("once", 7, "mine")


@pytest.mark.parametrize("message", [" \0\u00a0 ", "", "\u200b\u2060", None, 7, ["a"], {"a": 1}], ids=ascii)
def test_a_message_id_that_is_none_is_derived(here: Gateway, message: object) -> None:
    """Better than upstream on purpose: not random, so that the sender's retry is the same message."""
    record = ready({"userId": "u", "messageId": message})

    (event,) = here.sent(record, key=ACME_KEY)

    assert uuid.UUID(event["messageId"]).version == 5
    assert here.sent(record, key=ACME_KEY) == []


@pytest.mark.parametrize("blank", [{}, {"userId": ""}, {"userId": " \u200b", "anonymousId": "\0"}], ids=ascii)
def test_an_event_without_an_id_gets_one(here: Gateway, blank: dict[str, Any]) -> None:
    """An event of ours is always an object, and always somebody's: no other can be refused.

    Upstream answers `request neither has anonymousId nor userId` and rejects the whole webhook; this is the
    nearest there is here.
    """
    (event,) = here.sent(ready(blank), key=ACME_KEY)

    assert uuid.UUID(event["anonymousId"]).version == 5
    assert "userId" not in event


@pytest.mark.parametrize(("user", "text"), [(7, "7"), (2**64 + 1, str(2**64 + 1)), (1.5, "1.5"), (0, "0")])
def test_a_numeric_user_id_is_its_text(here: Gateway, user: float, text: str) -> None:
    """To the last digit, which upstream loses beyond 2^53."""
    (event,) = here.sent(ready({"userId": user}), key=ACME_KEY)

    assert event["userId"] == text


def test_nul_is_taken_away(here: Gateway) -> None:
    """Better than upstream on purpose: it answers 400. A backslash before u0000 makes no NUL."""
    sent = json.dumps({"id": str(uuid.uuid4()), "a\0b": ["c\0", {"d": "\\u0000"}]}).encode()
    assert rb"\u0000" in sent

    (event,) = here.sent(sent, key=ACME_KEY)

    assert event["properties"]["ab"] == ["c", {"d": "\\u0000"}]


# Bodies


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b"a=1&b=2&b=3", {"a": "1", "b": ["2", "3"]}),
        (b"a=%C3%A4+%26&=x&c", {"a": "ä &", "": "x", "c": ""}),
        (b"%7B%22a%22%3A1%7D=", {'{"a":1}': ""}),
        (b"[a]=1", {"[a]": "1"}),
    ],
)
@pytest.mark.parametrize("type_", ["", ";", "; charset=UTF-8", ' ; a="\\";" ;b=c;'])
def test_a_form_is_a_record(here: Gateway, body: bytes, properties: object, type_: str) -> None:
    """JSON of lists of texts, which a source that takes forms reads as texts where they are alone."""
    tell = b"&id=" + str(uuid.uuid4()).encode()

    (event,) = here.sent(
        body + tell,
        key=ACME_KEY,
        headers={"Content-Type": f"Application/X-WWW-Form-URLEncoded{type_}", "X-Tell": "1"},
    )

    event["properties"].pop("id")
    assert event["properties"] == properties
    assert event["context"]["headers"]["content-type"] == "application/json"
    assert event["context"]["headers"]["content-length"] == str(len(body + tell))


def test_a_form_becomes_what_rudder_server_makes_of_it(here: Gateway) -> None:
    """Key to list of texts, seen in the dead letter of a source that takes no forms."""
    response = here.post(b"a=1&b=2&b=3", headers=FORM)

    assert (response.status_code, response.text) == (400, "type is missing\n")
    letter = here.letters()[-1]
    assert json.loads(letter.record) == {"a": ["1"], "b": ["2", "3"]}
    assert letter.call is not None
    assert letter.call.headers["content-type"] == ["application/json"]


@pytest.mark.parametrize(
    "body", [b"a=%zz", b"a=%", b"a=1;b=2", b"&".join([b"a=1"] * 1001)], ids=lambda b: b[:9]
)
def test_a_form_that_is_none_is_refused(here: Gateway, body: bytes) -> None:
    """Nor is one of more than a thousand fields taken, which would cost more than its bytes."""
    before = here.kept()

    response = here.post(body, headers=FORM)

    assert (response.status_code, response.text) == (400, "error during parsing form\n")
    assert here.kept() == before


@pytest.mark.parametrize("body", [b"a=1", b"", b" "])
@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("a=%zz", ""),
        ("a=1;b=2", ""),
        (";", ""),
        ("a=1", "; charset"),
        ("", ";;="),
        ("", "; charset=UTF-8 x"),
        ("", '; a="'),
        ("", ", application/json"),
        ("", "/x"),
    ],
)
def test_a_form_whose_query_or_type_is_malformed_is_refused(
    here: Gateway, body: bytes, query: str, parameters: str
) -> None:
    """So it is to rudder-server, which reads query and body at once, after the media type."""
    before = here.kept()

    response = here.post(
        body, ACME_KEY, query=query, headers={"Content-Type": FORM["Content-Type"] + parameters}
    )

    assert (response.status_code, response.text) == (400, "error during parsing form\n")
    assert here.kept() == before


@pytest.mark.parametrize("type_", ["application/json", "", "multipart/form-data; boundary=x"])
def test_a_malformed_query_spoils_nothing_but_a_form(here: Gateway, type_: str) -> None:
    """Its malformed pairs are dropped in silence."""
    body = multipart('name="a"\r\n\r\n1') if type_.startswith("multi") else json.dumps(log()).encode()

    assert here.post(body, ACME_KEY, query="a=%zz&;", headers={"Content-Type": type_}).text == "ok"


@pytest.mark.parametrize("type_", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("form", ["LOG", "[LOG]", " [ LOG ] ", "\ufeffLOG", "LOG\nLOG", "[7,LOG,{bad},LOG]\n"])
def test_json_that_is_called_a_form_is_json(here: Gateway, type_: str, form: str) -> None:
    """Better than upstream on purpose: what curl posts by default is one long key there."""
    body = re.sub("LOG", lambda _: json.dumps(log()), form).encode()

    assert len(here.sent(body, headers={"Content-Type": type_})) == form.count("LOG")


def multipart(*parts: str, end: str = "--x--\r\n") -> bytes:
    """A multipart body of these parts."""
    return (
        "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts).encode() + end.encode()
    )


def test_a_multipart_form_is_a_record(here: Gateway) -> None:
    """Fields below Value, what is known of files below File, and not the bytes of a file."""
    body = multipart(
        'name="a"\r\n\r\n1',
        'name="a"\r\n\r\nä',
        'name="f"; filename="ada.txt"\r\nContent-Type: text/plain\r\n\r\n12345',
    )

    (event,) = here.sent(body, key=ACME_KEY, headers={"Content-Type": "multipart/form-data; boundary=x"})

    about = {
        "Filename": "ada.txt",
        "Header": {
            "Content-Disposition": ['form-data; name="f"; filename="ada.txt"'],
            "Content-Type": ["text/plain"],
        },
        "Size": 5,
    }
    assert event["properties"] == {"Value": {"a": ["1", "ä"]}, "File": {"f": [about]}}


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ("", multipart('name="a"\r\n\r\n1')),
        ("; boundary=", multipart('name="a"\r\n\r\n1')),
        ("; boundary=other", multipart('name="a"\r\n\r\n1')),
        ("; boundary=x", b""),
        ("; boundary=x", b"hello"),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', end="")),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\n2', end="")),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\n2', end="--x\r\n")),
        ("; boundary=x", multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\n2', end="--x-")),
        ("; boundary=x", multipart('name="a"; filename="a"\r\n\r\n1', end="--x\r\n")),
        ("; boundary=x", multipart("no-name\r\n\r\n1")),
        ("; boundary=x", multipart(*['name="a"\r\n\r\n1'] * 1001)),
    ],
)
def test_a_multipart_form_that_is_none_is_refused(here: Gateway, parameters: str, body: bytes) -> None:
    """No boundary, no body, no end, and more than a thousand fields."""
    before = here.kept()

    response = here.post(body, headers={"Content-Type": f"multipart/form-data{parameters}"})

    assert (response.status_code, response.text) == (400, "error during parsing multiform\n")
    assert here.kept() == before


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
@pytest.mark.parametrize("type_", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_an_empty_body_is_refused(here: Gateway, body: bytes, type_: str) -> None:
    """There is nothing in it to be kept."""
    before = here.kept()

    response = here.post(body, headers={"Content-Type": type_})

    assert (response.status_code, response.text) == (400, "empty batch payload\n")
    assert here.kept() == before


@pytest.mark.parametrize("type_", ["text/plain", "application/json", "application/xml", "", "nonsense"])
@pytest.mark.parametrize("body", [b"hello", b"<log/>", b"{", b"\xff", b"\xef\xbb\xbf"], ids=ascii)
def test_what_is_no_json_is_refused_and_kept(here: Gateway, type_: str, body: bytes) -> None:
    """Better than upstream on purpose: the bytes are a dead letter, with the call they came in."""
    response = here.post(body, query="a=1", headers={"Content-Type": type_, "Cookie": COOKIE})

    assert (response.status_code, response.text) == (400, "Malformed JSON in request body\n")
    assert ERROR.items() <= response.headers.items()
    letter = here.letters()[-1]
    assert (letter.source, letter.rule.partition("/")[0], letter.decodable) == ("Auth0", "json", False)
    assert letter.record in (body, b"")
    assert letter.call is not None
    assert (letter.call.method, letter.call.url) == ("POST", "/v1/webhook?a=1")
    assert (letter.call.query, letter.call.body) == ({"a": ["1"]}, body)
    assert letter.call.headers["content-type"] == [type_]
    assert not {"cookie", "authorization"} & letter.call.headers.keys()


@pytest.mark.parametrize(
    "type_",
    [
        "text/plain",
        "application/vnd.api+json",
        "Application/JSON; Charset=utf-8",
        "application/xml",
        "",
        "\xe4",
    ],
)
def test_json_is_json_whatever_it_is_called(here: Gateway, type_: str) -> None:
    """But for forms no content type is asked for."""
    assert len(here.sent(log(), headers={"Content-Type": type_.encode("latin-1")})) == 1


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("x-gzip", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("identity", bytes),
        ("", bytes),
        ("utf-8", bytes),
    ],
)
def test_an_encoded_body_is_decoded(here: Gateway, encoding: str, encode: Any) -> None:
    """RudderStack's takes gzip; deflate is more, and a charset that is taken for an encoding does no harm."""
    body = encode(json.dumps(log()).encode())

    assert len(here.sent(body, headers={"Content-Encoding": encoding})) == 1


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", b"{}", 400),
        ("gzip", gzip.compress(b"{}" * 100, mtime=0)[:-9], 400),
        ("deflate", b"\xff\xff", 400),
        ("br", b"{}", 415),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), 415),
    ],
)
def test_a_body_that_cannot_be_decoded_is_refused(
    here: Gateway, encoding: str, body: bytes, status: int
) -> None:
    """Better than upstream on purpose: it answers 500, which asks the sender to try for ever."""
    before = here.kept()

    response = here.post(body, headers={"Content-Encoding": encoding})

    assert response.status_code == status
    assert ERROR.items() <= response.headers.items()
    assert response.text.endswith("\n")
    assert here.kept() == before


def test_a_body_over_the_cap_is_refused_while_it_comes_in(here: Gateway) -> None:
    """Announced, chunked or inflated; nothing is kept. Upstream reads it all first."""
    before = here.kept()
    long = b"[" + b" " * 5_000_000 + b"]"
    chunks = (b" " * 10_000 for _ in range(1_000_000))  # 10 GB: it would not end

    announced = here.post(long)
    chunked = here.post(chunks)
    inflated = here.post(gzip.compress(long), headers={"Content-Encoding": "gzip"})

    for response in (announced, chunked, inflated):
        assert (response.status_code, response.text) == (413, "request size exceeds max limit\n")
        assert ERROR.items() <= response.headers.items()
    assert here.post(b"[" + b" " * 99_998 + b"]").text == "ok"
    assert here.post(b"[" + b" " * 99_999 + b"]").status_code == 413
    assert here.kept() == before


@pytest.mark.slow
def test_a_body_that_comes_too_slowly_is_refused(here: Gateway) -> None:
    """Its sender is told 408, and nothing is kept."""
    before = here.kept()
    head = (
        f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n[".encode()
    )
    with here.wire() as wire:
        wire.sendall(head)

        answer = wire.recv(10_000)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b"the body did not come in within 1 seconds\n")
    assert here.kept() == before


def test_a_body_that_is_cut_off_is_refused(here: Gateway) -> None:
    """Who stops in the middle and still listens is told 400. Upstream answers 500."""
    before = here.kept()
    head = (
        f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n[".encode()
    )
    with here.wire() as wire:
        wire.sendall(head)
        wire.shutdown(socket.SHUT_WR)

        answer = wire.recv(10_000)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"reading request body: it is not whole\n")
    assert here.kept() == before


# What a batch comes to


def test_a_rejected_record_is_explained_and_kept_whole(here: Gateway) -> None:
    """The nearest there is to an error of the transformer: 400, its text and a newline."""
    record = {"log_id": "1", "data": {"type": 7, "password": "invented"}}

    response = here.post(record)

    assert (response.status_code, response.text) == (400, "/data/type: type must be text: it is a number\n")
    letter = here.letters()[-1]
    assert (letter.source, letter.rule, letter.pointer) == ("Auth0", "schema/type", "/data/type")
    assert json.loads(letter.record) == record
    assert letter.reason == "type must be text: it is a number"


def test_a_bad_record_costs_no_neighbour(here: Gateway) -> None:
    """Better than upstream on purpose: the sender is told ok, good ones are events, bad ones dead letters."""
    good, also_good = log(), log()
    before = here.kept()
    body = f"[{json.dumps(good)}, 7, {{bad}}, {json.dumps(also_good)}, {{}}]".encode()

    events = here.sent(body)

    assert [event["properties"]["log_id"] for event in events] == [good["log_id"], also_good["log_id"]]
    assert here.kept() == (before[0] + 2, before[1] + 3)
    assert [(one.pointer, one.record) for one in here.letters()[-3:]] == [
        ("/1", b"7"),
        ("/2", b"{bad}"),
        ("/4", b"{}"),
    ]


@pytest.mark.parametrize("body", [b"[]", b'{"logs": []}', b" [ ] "])
def test_an_empty_list_is_ok(here: Gateway, body: bytes) -> None:
    """Upstream answers `400 empty batch payload`; a sender that has nothing to send did nothing wrong."""
    before = here.kept()

    assert here.post(body).text == "ok"
    assert here.kept() == before


def test_what_is_dropped_is_ok(here: Gateway) -> None:
    """A record left out on purpose is no error, alone or beside a rejected one."""
    before = here.kept()

    assert here.post({"type": "heartbeat"}, ACME_KEY).text == "ok"
    assert here.kept() == before
    assert here.post([{"type": "heartbeat"}, 7], ACME_KEY).text == "ok"
    assert here.kept() == (before[0], before[1] + 1)


@pytest.mark.parametrize(
    ("asked", "body", "type_"),
    [
        ({"type": "url_verification", "challenge": "ä"}, '{"challenge":"ä"}', "application/json"),
        ({"type": "hello"}, "hello yourself", "text/plain"),
    ],
)
def test_a_challenge_is_answered(here: Gateway, asked: object, body: str, type_: str) -> None:
    """200 with the answer and its type, and nothing of it is an event."""
    before = here.kept()

    response = here.post(asked, ACME_KEY)

    assert (response.status_code, response.text) == (200, body)
    assert response.headers["content-type"] == type_
    assert here.kept() == before


def test_a_challenge_beside_events_is_answered_once_they_are_kept(here: Gateway) -> None:
    """The sender has its answer, and the events are kept."""
    before = here.accepted()

    response = here.post([{"id": str(uuid.uuid4())}, {"type": "hello"}], ACME_KEY)

    assert response.text == "hello yourself"
    assert here.accepted() == before + 1


def test_a_duplicate_is_ok_and_stored_once(here: Gateway) -> None:
    """The same call again, and the same record twice in a batch."""
    one, two = log(), log()

    assert len(here.sent([one, two, one])) == 2
    assert here.sent([one, two, one]) == []
    assert len(here.sent([two, log()])) == 1


def test_the_same_record_of_two_sources_is_two_events(here: Gateway) -> None:
    """A duplicate is one within its source."""
    one = log()

    assert len(here.sent(one)) == 1
    assert len(here.sent(one, key=GUARDED_KEY, headers={"Authorization": AUTHORIZATION})) == 1


# What is told, and what never is


def test_health_has_the_shape_of_rudder_servers(here: Gateway) -> None:
    """At both paths; and whether an event could be kept, which rudder-server does not tell."""
    health = here.get("/health")

    assert health.status_code == 200
    assert health.json() == {
        "appType": "GATEWAY",
        "server": "UP",
        "db": "UP",
        "acceptingEvents": "TRUE",
        "routingEvents": "TRUE",
        "mode": "NORMAL",
        "version": health.json()["version"],
    }
    assert here.get("/").json() == health.json()
    assert here.get("/health", "HEAD").status_code == 200
    assert (here.get("/ready").status_code, here.get("/ready").text) == (200, "ready\n")
    assert here.get("/version").json() == {"Version": health.json()["version"]}
    assert here.get("/robots.txt").text == "User-agent: * \nDisallow: / \n"


def test_no_secret_is_ever_kept_or_logged(here: Gateway) -> None:
    """Keys, authorization and cookies, looked for in all the gateway wrote; a proxy may repeat them."""
    headers = {
        "Authorization": AUTHORIZATION,
        "Cookie": COOKIE,
        "Proxy-Authorization": AUTHORIZATION,
        "X-Original-URL": f"/v1/webhook?a=1&writeKey={ACME_KEY}&b=2",
        "Referer": f"https://example.com/?next=%2Fv1%3FwriteKey%3D{ACME_KEY}",
    }
    here.post(b"no json", ACME_KEY, query=f"a=1&write%4Bey={ACME_KEY}", headers=headers)
    here.post(b"no json", ACME_KEY, headers={"X-Original-URI": f"/v1/webhook?%77rite%4bey={ACME_KEY}&c=3"})
    here.post(b"no json", None, headers=basic(ACME_KEY, "a password"))
    here.post(b"no json", GUARDED_KEY, headers=headers)

    query = f"a=1&b=%zz&c=1;2&writeKey={ACME_KEY}"
    (event,) = here.sent({"id": str(uuid.uuid4())}, key=ACME_KEY, query=query, headers=headers)

    assert event["context"]["url"] == "/v1/webhook?a=1&b=%zz&c=1;2"  # as called; what is malformed is not read
    assert event["context"]["query"] == {"a": "1"}
    assert event["context"]["headers"]["x-original-url"] == "/v1/webhook?a=1&writeKey=&b=2"
    files = [*here.data.iterdir(), here.folder / "delivered.jsonl", here.log]
    written = b"".join(file.read_bytes() for file in files)
    keys = (KEY, NEW_KEY, ODD_KEY, ACME_KEY, GUARDED_KEY)
    secrets = [*keys, *(basic(key)["Authorization"][6:-4] for key in keys), AUTHORIZATION, COOKIE, "a password"]
    assert [secret for secret in secrets if secret.encode() in written] == []
    lines = [json.loads(line) for line in here.log.read_text().splitlines()]
    assert {line["event"] for line in lines} <= {"serving", "admin page", "call refused", "records rejected"}


def test_metrics_count_by_source_and_name_no_key(tmp_path: Path) -> None:
    """A call that names no source counts, too."""
    config = tmp_path / "springhead.toml"
    config.write_text(toml({"delivery": {"to": "http://127.0.0.1:9"}}, SOURCE))

    async def scenario() -> str:
        app = WebhookGateway(Host(), load_settings(config))
        transport = httpx.ASGITransport(app.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.app.lifespan_context(app.app), client:
            for key, body in ((KEY, [log(), 7]), (KEY, 7), ("unknown", log())):
                await client.post(
                    f"/v1/webhook?writeKey={key}", json=body, headers={"Authorization": AUTHORIZATION}
                )
            return app.metrics.text(await app.store.counts()).decode()

    text = asyncio.run(scenario())

    for line in (
        'requests_total{source="Auth0",status="200"} 1.0',
        'requests_total{source="Auth0",status="400"} 1.0',
        'requests_total{source="",status="401"} 1.0',
        'accepted_total{source="Auth0",type="track"} 1.0',
        'stored_total{source="Auth0"} 1.0',
        'rejected_total{rule="item/object",source="Auth0"} 2.0',
        'dead_letters{source="Auth0"} 2.0',
        'undelivered{source="Auth0"} 1.0',
    ):
        assert f"springhead_gateway_{line}\n" in text
    assert not any(secret in text for secret in (KEY, "unknown", AUTHORIZATION))


def test_a_gateway_whose_lifespan_does_not_run_takes_nothing(tmp_path: Path) -> None:
    """Starlette runs no lifespan of an app that is mounted: what it said `ok` to would never be delivered."""
    config = tmp_path / "springhead.toml"
    config.write_text(toml({}, SOURCE))

    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        app = WebhookGateway(Host(), load_settings(config))
        transport = httpx.ASGITransport(app.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            posted = await client.post(f"/v1/webhook?writeKey={KEY}", json=log())
            ready = await client.get("/ready")
        await app.store.close()
        return posted, ready

    posted, ready = asyncio.run(scenario())

    assert (posted.status_code, ready.status_code) == (503, 503)
    assert posted.text == ready.text == "the gateway is not started: its lifespan does not run\n"


# When nothing can be kept


def busy(answer: Any) -> bool:
    """Whether an answer says to try again."""
    return answer.status_code == 503 and int(answer.headers["retry-after"]) > 0 and answer.text.endswith("\n")


@pytest.mark.slow
def test_a_full_store_accepts_nothing(tmp_path: Path) -> None:
    """503, when to try again, and the record is in no half of it; what is up stays up, and tells."""
    with gateway(tmp_path, store={"max_bytes": 1}) as full:
        response = full.post()

        assert busy(response)
        assert response.text == "the gateway cannot keep events now: try again\n"
        assert full.kept() == (0, 0)
        assert busy(full.post(b"hello"))
        assert full.post(b"[]").text == "ok"
        assert full.get("/ready").status_code == 503
        assert full.get("/health").status_code == 200
        assert "has reached its limit of 1 bytes" in full.log.read_text()
        assert KEY not in full.log.read_text()


@pytest.mark.slow
def test_a_disk_that_fills_up_accepts_nothing_until_there_is_room(tmp_path: Path) -> None:
    """What was told ok before is there, what was told 503 is not, and then all goes on."""
    with gateway(tmp_path) as one:
        (worker,) = one.workers()
        limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (400_000, limits[1]))
        answers = [one.post(log(description="x" * 20_000)) for _ in range(40)]
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)

        taken = sum(answer.text == "ok" for answer in answers)
        assert 0 < taken < 40
        assert all(answer.text == "ok" or busy(answer) for answer in answers)
        assert one.kept() == (taken, 0)
        assert one.post(log()).text == "ok"
        assert len(one.delivered(taken + 1)) == taken + 1


@pytest.mark.slow
def test_a_store_that_is_gone_accepts_nothing(tmp_path: Path) -> None:
    """What is written to a file that was taken away would be lost."""
    with gateway(tmp_path) as one:
        assert one.post().text == "ok"
        one.delivered(1)
        shutil.rmtree(one.data)

        assert busy(one.post(log()))
        health, ready = one.get("/health"), one.get("/ready")
        assert (health.status_code, health.text) == (503, "Cannot connect to db\n")
        assert ready.status_code == 503
        assert ready.text == "the gateway cannot keep events now: try again\n"  # and no path of this machine


@pytest.mark.slow
def test_more_calls_than_may_wait_are_told_to_come_again(tmp_path: Path) -> None:
    """Senders that take their time with a body hold up no health check, and no call without a key."""
    head = f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[".encode()
    with gateway(tmp_path, limits={"waiting": 3}) as one:
        wires = [one.wire() for _ in range(3)]
        for wire in wires:
            wire.sendall(head)
        time.sleep(0.2)

        refused = one.post()

        assert busy(refused)
        assert refused.text == "the gateway is busy: try again\n"
        assert one.get("/health").status_code == 200
        assert one.post(key="unknown").status_code == 401
        for wire in wires:
            wire.sendall(b"       ]")
            assert wire.recv(10_000).endswith(b"\r\n\r\nok")
            wire.close()
        assert one.post().text == "ok"
        assert one.accepted() == 1
