"""Bodies of every encoding, type, size and speed."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from pathlib import Path
from typing import Any

import pytest

from support.gateways import KEY, SOURCE, Gateway, gateway
from support.webhooks import COOKIE, ERROR, log


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
@pytest.mark.parametrize("type_", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_an_empty_body_is_refused(here: Gateway, body: bytes, type_: str) -> None:
    """There is nothing to store."""
    before = here.kept()

    response = here.post(body, headers={"Content-Type": type_})

    assert (response.status_code, response.text) == (400, "empty batch payload\n")
    assert here.kept() == before


@pytest.mark.parametrize("type_", ["application/json", "application/x-www-form-urlencoded"])
def test_an_empty_body_is_a_record_where_every_body_is(tmp_path: Path, type_: str) -> None:
    """It counts as `{}`, as which RudderStack's gateway passes it on."""
    with gateway(tmp_path, {**SOURCE, "type": "webhook"}) as one:
        (event,) = one.sent(b"", headers={"Content-Type": type_})

    assert (event["event"], event.get("properties", {})) == ("webhook_source_event", {})


@pytest.mark.parametrize("type_", ["text/plain", "application/json", "application/xml", "", "nonsense"])
@pytest.mark.parametrize("body", [b"hello", b"<log/>", b"{", b"\xff", b"\xef\xbb\xbf"], ids=ascii)
def test_what_is_not_json_is_refused_and_kept(here: Gateway, type_: str, body: bytes) -> None:
    """Better than upstream on purpose: the bytes become a dead letter, with the call they came in."""
    body += b" " * len(type_)  # what is alike would be one dead letter

    response = here.post(body, query="a=1", headers={"Content-Type": type_, "Cookie": COOKIE})

    assert (response.status_code, response.text) == (400, "Malformed JSON in request body\n")
    assert ERROR.items() <= response.headers.items()
    letter = here.letters()[-1]
    assert (letter.source, letter.rule.partition("/")[0], letter.decodable) == ("Auth0", "json", False)
    assert letter.record == body.removeprefix(b"\xef\xbb\xbf")
    assert letter.call is not None
    assert (letter.call.method, letter.call.url) == ("POST", "/v1/webhook")  # Auth0's mapping reads no query
    assert (letter.call.query, letter.call.body) == ({}, body)
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
    """The content type matters to forms only."""
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
    """RudderStack's gateway takes gzip only. A charset that a sender mistakes for an encoding does no harm."""
    body = encode(json.dumps(log()).encode())

    assert len(here.sent(body, headers={"Content-Encoding": encoding})) == 1


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("gzip", b"{}", "the body is not encoded as its header says"),
        ("gzip", b"\xff" * 50_000, "the body is not encoded as its header says"),
        ("gzip", gzip.compress(b"{}" * 100, mtime=0)[:-9], "the encoded body is cut off"),
        ("deflate", b"\xff\xff", "the body is not encoded as its header says"),
    ],
)
def test_a_body_that_cannot_be_inflated_is_refused_and_kept(
    here: Gateway, encoding: str, body: bytes, reason: str
) -> None:
    """Better than upstream on purpose: it answers 500, which makes the sender retry for ever."""
    response = here.post(body, headers={"Content-Encoding": encoding})

    assert (response.status_code, response.text) == (400, f"{reason}\n")
    assert ERROR.items() <= response.headers.items()
    letter = here.letters()[-1]
    assert (letter.rule, letter.reason, letter.decodable) == ("body/encoding", reason, False)
    assert letter.record == body
    assert letter.call is not None
    assert letter.call.headers["content-encoding"] == [encoding]


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip"])
def test_a_body_in_an_unknown_encoding_is_refused(here: Gateway, encoding: str) -> None:
    """With 415, before it is read."""
    before = here.kept()

    response = here.post(b"{}", headers={"Content-Encoding": encoding})

    assert (response.status_code, response.text) == (415, "send the body as it is, gzip or deflate\n")
    assert here.kept() == before


def test_a_body_over_the_limit_is_refused_while_it_arrives(here: Gateway) -> None:
    """Announced, chunked or inflated. Upstream reads all of it first."""
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
def test_a_body_that_arrives_too_slowly_is_refused(here: Gateway) -> None:
    """With 408; nothing is stored."""
    before = here.kept()
    head = (
        f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n[".encode()
    )
    with here.wire() as wire:
        wire.sendall(head)

        answer = b"".join(iter(lambda: wire.recv(10_000), b""))

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b"the body did not come in within 1 seconds\n")
    assert here.kept() == before


def test_a_body_that_is_cut_off_is_refused(here: Gateway) -> None:
    """With 400, if the sender still listens. Upstream answers 500."""
    before = here.kept()
    head = (
        f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n[".encode()
    )
    with here.wire() as wire:
        wire.sendall(head)
        wire.shutdown(socket.SHUT_WR)

        answer = b"".join(iter(lambda: wire.recv(10_000), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"reading request body: it is not whole\n")
    assert here.kept() == before
