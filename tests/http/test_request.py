"""Requests are what was called, whichever interface passes it on."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from springhead import Request
from springhead.http import BodyError, read_chunks, request_from_asgi, request_from_wsgi
from support.folders import source_folder
from support.hosts import folder_host

BODY = b'{"name": "\xc3\xa4"}'


def scope(**more: Any) -> dict[str, Any]:
    """The scope of an ASGI call."""
    return {"type": "http", "method": "POST", "path": "/", "headers": [], **more}


class Input(io.RawIOBase):
    """A connection: one `read` returns 3 bytes at most, and fails where a real one would wait for ever."""

    def __init__(self, body: bytes, *, ends: bool) -> None:
        self._body = io.BytesIO(body)
        self._ends = ends

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        assert size > 0, "reading to the end never ends"
        data = self._body.read(min(size, 3))
        assert data or self._ends, "this would wait for ever"
        return data


def environ(body: bytes = b"", *, ends: bool = True, **more: Any) -> dict[str, Any]:
    """The environ of a WSGI call; the server ends the body, or leaves that to the app."""
    body_input = {"wsgi.input": Input(body, ends=ends), "wsgi.input_terminated": ends}
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/", **body_input, **more}


def test_both_interfaces_make_the_same_request() -> None:
    """Names of headers in lower case, values in lists, the path as called, credentials included."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"14"),
        (b"authorization", b"Bearer invented"),
        (b"x-name", b"\xe4"),
    ]
    asgi = scope(
        path="/mount/a b/ä",
        raw_path=b"/mount/a%20b/%C3%A4",
        query_string=b"writeKey=k&a=%C3%A4&a=+2&b",
        headers=headers,
    )
    wsgi = environ(
        BODY,
        SCRIPT_NAME="/mount",
        PATH_INFO="/a b/\xc3\xa4",
        QUERY_STRING="writeKey=k&a=%C3%A4&a=+2&b",
        CONTENT_TYPE="application/json",
        CONTENT_LENGTH="14",
        HTTP_AUTHORIZATION="Bearer invented",
        HTTP_X_NAME="\xe4",
    )

    expected = Request(
        body=BODY,
        headers={
            "content-type": ["application/json"],
            "content-length": ["14"],
            "authorization": ["Bearer invented"],
            "x-name": ["ä"],
        },
        query={"writeKey": ["k"], "a": ["ä", " 2"], "b": [""]},
        method="POST",
        url="/mount/a%20b/%C3%A4?writeKey=k&a=%C3%A4&a=+2&b",
        id="call-1",
    )
    assert request_from_asgi(asgi, BODY, id="call-1") == expected
    assert request_from_wsgi(wsgi, id="call-1") == expected


def test_no_credential_of_a_call_reaches_an_event(tmp_path: Path) -> None:
    """Even of a mapping that copies all that it may read."""
    rows = [{"from": f"$request.{part}", "to": f"properties.{part}"} for part in ("headers", "query", "url")]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    host = folder_host(source_folder(tmp_path, mapping=mapping))
    headers = [(b"authorization", b"Bearer invented"), (b"cookie", b"invented"), (b"user-agent", b"Acme/1")]
    call = scope(path="/hook", query_string=b"writeKey=invented", headers=headers)

    (event,) = host.receive("acme", request_from_asgi(call, b"{}")).events

    assert event["properties"] == {"headers": {"user-agent": "Acme/1"}, "query": {}, "url": "/hook"}


def test_a_path_that_a_server_does_not_pass_as_called_is_encoded_again() -> None:
    """ASGI servers may leave `raw_path` out."""
    assert request_from_asgi(scope(path="/a b/ä;c=1"), b"").url == "/a%20b/%C3%A4;c=1"


def test_a_header_that_comes_several_times_has_several_values() -> None:
    """In their order; WSGI servers have joined them with commas."""
    headers = [(b"X-Signature", b"one"), (b"x-other", b"2"), (b"x-signature", b"three, four")]

    assert request_from_asgi(scope(headers=headers), b"").headers == {
        "x-signature": ["one", "three, four"],
        "x-other": ["2"],
    }
    assert request_from_wsgi(environ(HTTP_X_SIGNATURE="one,three, four")).headers == {
        "x-signature": ["one,three, four"]
    }


@pytest.mark.parametrize("text", ["\u20ac", "\udcff"])
def test_text_that_is_not_latin_1_never_raises(text: str) -> None:
    """No server that keeps to PEP 3333 passes it."""
    assert request_from_wsgi(environ(PATH_INFO=f"/{text}", QUERY_STRING=f"a={text}")).query == {"a": ["?"]}


@pytest.mark.parametrize("coding", [(b"content-encoding", b"GZIP"), (b"Content-Encoding", b" x-gzip ")])
def test_bodies_are_inflated(coding: tuple[bytes, bytes]) -> None:
    """To a limit, which counts for a body as sent as well."""
    encoded = gzip.compress(b"[]" * 1_000)
    asgi, value = scope(headers=[coding]), coding[1].decode()

    assert request_from_asgi(asgi, encoded).body == b"[]" * 1_000
    assert request_from_wsgi(environ(encoded, HTTP_CONTENT_ENCODING=value)).body == b"[]" * 1_000
    with pytest.raises(BodyError, match="longer than 1,999 bytes"):
        request_from_asgi(asgi, encoded, limit=1_999)
    with pytest.raises(BodyError, match="longer than 1,999 bytes"):
        request_from_wsgi(environ(encoded, HTTP_CONTENT_ENCODING=value), limit=1_999)


def test_a_body_ends_where_its_length_says() -> None:
    """A connection stays open: reading on would wait for the next call."""
    sent = b"[1, 2]POST / HTTP/1.1"

    assert request_from_wsgi(environ(sent, ends=False, CONTENT_LENGTH="6")).body == b"[1, 2]"
    assert request_from_wsgi(environ(sent, ends=False, CONTENT_LENGTH="0")).body == b""
    assert request_from_wsgi(environ(sent, ends=False, CONTENT_LENGTH="6".zfill(5_000))).body == b"[1, 2]"


@pytest.mark.parametrize("length", [None, "", "x", "-1", "²"])
def test_a_body_without_a_length_is_read_only_if_the_server_ends_it(length: str | None) -> None:
    """As servers do that decode chunked bodies; elsewhere such a body is empty."""
    assert request_from_wsgi(environ(b"[1, 2]", CONTENT_LENGTH=length)).body == b"[1, 2]"
    assert request_from_wsgi(environ(b"[1, 2]", ends=False, CONTENT_LENGTH=length)).body == b""
    with pytest.raises(BodyError, match="send a Content-Length") as caught:
        request_from_wsgi(environ(ends=False, CONTENT_LENGTH=length, HTTP_TRANSFER_ENCODING="chunked"))
    assert caught.value.status == 411


def test_a_body_that_is_cut_off_is_refused() -> None:
    """It was read before, too, if nothing is left: the body must be passed on then."""
    with pytest.raises(BodyError, match="it is not whole") as caught:
        request_from_wsgi(environ(b"[1,", CONTENT_LENGTH="6"))

    assert caught.value.status == 400
    assert request_from_wsgi(environ(b"", CONTENT_LENGTH="6"), b"[1, 2]").body == b"[1, 2]"


def test_no_more_of_a_body_is_read_than_the_limit() -> None:
    """And nothing of one whose length says that it is too long."""
    endless = environ(b"12345", ends=False) | {"wsgi.input_terminated": True}
    lengths = [environ(ends=False, CONTENT_LENGTH=length) for length in ("5", "9" * 5_000)]

    for call in (*lengths, endless):
        with pytest.raises(BodyError, match="longer than 4 bytes") as caught:
            request_from_wsgi(call, limit=4)
        assert caught.value.status == 413


def test_chunks_are_read_up_to_the_limit() -> None:
    """The chunk that passes it is the last one asked for."""
    asked: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(4):
            asked.append(number)
            yield b"abc"

    assert asyncio.run(read_chunks(chunks(), 12)) == b"abc" * 4
    asked.clear()
    with pytest.raises(BodyError, match="longer than 5 bytes"):
        asyncio.run(read_chunks(chunks(), 5))
    assert asked == [0, 1]
