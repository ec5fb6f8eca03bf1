"""A data plane as destination: what is sent to it, and how its answers are understood."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import shutil
import ssl
import subprocess
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from springhead.gateway.delivery.dataplane import DataPlane, WriteKeyMask
from springhead.gateway.delivery.destination import (
    Accepted,
    Answer,
    Failed,
    Refused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from springhead.gateway.delivery.responses import MAX_WAIT, retry_after
from support.dataplanes import CUT, HANG, Batch, FakeDataPlane, Reply, data_plane
from support.deliveries import KEYS, deliver, event, events, first, ids


def test_batches_are_posted_as_the_http_api_says(tmp_path: Path) -> None:
    """Basic authentication with the source's key and no password, gzip, the events as they are, sentAt."""
    kept = [*events(3), event("00003", source="Other")]

    done = deliver(tmp_path, kept, first(), lanes=1)

    acme, other = done.plane.came
    assert (acme.key, other.key) == ("acme-key", "other-key")
    assert acme.body["batch"] == [json.loads(one.event) for one in kept[:3]]
    assert other.body["batch"] == [json.loads(kept[3].event)]
    assert acme.headers["content-type"] == "application/json"
    assert acme.headers["content-encoding"] == "gzip"
    sent = datetime.strptime(acme.body["sentAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - sent) < timedelta(hours=1)


def test_gzip_can_be_turned_off(tmp_path: Path) -> None:
    """For a proxy that cannot inflate."""
    done = deliver(tmp_path, events(1), first(), gzip=False)

    assert "content-encoding" not in done.plane.came[0].headers


def test_no_request_is_longer_than_the_batch_limit(tmp_path: Path) -> None:
    """Whatever the store hands out at a time."""
    limits = {"batch_bytes": 1_000, "batch_limit": 1_000, "event_limit": 200}

    done = deliver(tmp_path, events(200, users=1), first(), **limits)

    assert done.plane.taken == ids(200)
    assert max(batch.size for batch in done.plane.came) <= 1_000


def answered(reply: Reply, timeout: float = 5) -> Answer:
    """What a data plane's reply to one event is understood as."""

    async def scenario() -> Answer:
        async with data_plane(lambda _batch: reply) as plane:
            to = DataPlane(plane.url, KEYS, timeout=timeout, compress=True)
            try:
                return await to.send("Acme", [b'{"messageId": "00000"}'])
            finally:
                await to.close()

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ((200, {}, "OK"), Accepted()),
        ((204, {}, ""), Accepted()),
        ((200, {}, '{"ok": true, "error": ""}'), Accepted()),
        ((200, {}, "[" * 1_000), Accepted()),
        ((200, {"Content-Type": "text/html"}, "sign in"), Unauthorized("status 200 with a web page")),
        ((202, {}, "<!DOCTYPE html><title>"), Unauthorized("status 202 with a web page")),
        ((200, {}, "\xef\xbb\xbf<!-- proxy --><html>"), Unauthorized("status 200 with a web page")),
        ((200, {}, '{"error": "no such workspace"}'), Unauthorized("status 200 with an error")),
        ((200, {}, f'{{"details": "{"x" * 5_000}", "error": "no"}}'), Unauthorized("status 200 with an error")),
        ((400, {}, "bad  event\n"), Refused(400, "bad event")),
        ((403, {}, "blocked"), Refused(403, "blocked")),
        ((413, {}, ""), Refused(413)),
        ((422, {}, ""), Refused(422)),
        ((302, {"Location": "http://127.0.0.1:9/"}, ""), Unauthorized("status 302")),
        ((401, {}, "invalid write key"), Unauthorized("status 401")),
        ((404, {}, "source is disabled"), Unauthorized("status 404")),
        ((408, {}, ""), Throttled("status 408")),
        ((429, {}, "slow"), Throttled("status 429")),
        ((429, {"Retry-After": "7"}, "slow"), Throttled("status 429", 7)),
        ((500, {}, "oh"), Failed("status 500", 500, "oh")),
        ((503, {"Retry-After": "0"}, ""), Throttled("status 503", 0)),
        (CUT, Failed("RemoteProtocolError")),
    ],
)
def test_an_answer_is_about_the_batch_the_source_or_the_load(reply: Reply, answer: Answer) -> None:
    """What is done about it depends on that."""
    assert answered(reply) == answer


def test_a_data_plane_that_does_not_answer_has_failed() -> None:
    """It may have the batch; that it hangs says nothing of other sources."""
    assert answered(HANG, timeout=0.05) == Failed("timeout")


def test_a_data_plane_that_is_not_there_is_unreachable() -> None:
    """Nothing was sent, and nothing can be sent of any source."""

    async def scenario() -> Answer:
        to = DataPlane("http://127.0.0.1:9", KEYS, timeout=5, compress=True)
        try:
            return await to.send("Acme", [b"{}"])
        finally:
            await to.close()

    assert asyncio.run(scenario()) == Unreachable("connection refused")


def posted_to(url: str) -> Answer:
    """What an address is understood to be where no data plane is."""

    async def scenario() -> Answer:
        to = DataPlane(url, KEYS, timeout=5, compress=True)
        try:
            return await to.send("Acme", [b"{}"])
        finally:
            await to.close()

    return asyncio.run(scenario())


def test_an_unknown_host_is_named_so() -> None:
    """The reserved name is known nowhere (RFC 6761, section 6.4)."""
    assert posted_to("http://data-plane.invalid") == Unreachable("unknown host")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless SSL_CERT_FILE names it."""
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    made += [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(tmp_path / "key"),
        "-out",
        str(tmp_path / "cert"),
    ]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")

    async def scenario() -> list[Answer]:
        plane, answers = FakeDataPlane(), list[Answer]()
        server = await asyncio.start_server(plane.serve, "127.0.0.1", 0, ssl=context)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for trusted in (False, True):
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
            to = DataPlane(url, KEYS, timeout=5, compress=True)
            answers.append(await to.send("Acme", [b'{"messageId": "1"}']))
            await to.close()
        server.close()
        return answers

    assert asyncio.run(scenario()) == [Unreachable("untrusted certificate"), Accepted()]


def test_a_proxy_of_the_environment_is_used_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens at the proxy, that shows who was asked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def scenario() -> list[Answer]:
        answers = list[Answer]()
        async with data_plane() as plane:
            for proxies in (False, True):
                to = DataPlane(plane.url, KEYS, timeout=5, compress=True, proxies=proxies)
                answers.append(await to.send("Acme", [b'{"messageId": "1"}']))
                await to.close()
        return answers

    assert asyncio.run(scenario()) == [Accepted(), Unreachable("connection refused")]


def zipped(text: bytes) -> str:
    """Its gzip, as a reply has it."""
    return gzip.compress(text, mtime=0).decode("latin-1")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("gzip", "garbage"), ("gzip", zipped(b"OK")), ("br", "\x0b\x01\x80OK\x03"), ("none", "OK")],
)
def test_a_batch_is_accepted_whatever_the_answer_holds(tmp_path: Path, encoding: str, text: str) -> None:
    """What was accepted is not sent again because its answer cannot be decoded."""

    def answer(_batch: Batch) -> Reply:
        return (200, {"Content-Encoding": encoding}, text)

    assert sorted(deliver(tmp_path, events(20), answer, batch_events=10).plane.taken) == ids(20)


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_is_not_inflated_without_bound(status: int) -> None:
    """A little gzip that holds much costs no memory."""
    bomb = zipped(b"\0" * 50_000_000)
    tracemalloc.start()
    try:
        answered((status, {"Content-Encoding": "gzip"}, bomb))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "written",
    [
        "a+b/c d?",
        base64.b64encode(b"a+b/c d?:").decode(),
        "Basic " + base64.b64encode(b"a+b/c d?:").decode(),
        base64.b64encode(b"a+b/c d?").decode().rstrip("="),
        "a%2Bb%2Fc%20d%3F",
    ],
)
def test_write_keys_in_an_answer_are_masked(written: str) -> None:
    """However a data plane repeats the key that it was sent, or that of another source."""
    masked = WriteKeyMask([*KEYS.values(), "a+b/c d?"]).masked(f"not with {written}, because")

    assert masked in ("not with <write key>, because", "not with Basic <write key>, because")


def test_retry_after_comes_in_two_forms() -> None:
    """Seconds or a date; anything else is none, and nothing stops delivery for days."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert retry_after("7") == 7
    assert retry_after(soon) == pytest.approx(30, abs=2)
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("9" * 30) == MAX_WAIT
    assert [retry_after(text) for text in (None, "", "soon", "-1", "1.5", "²")] == [None] * 6


@pytest.mark.parametrize(
    "text",
    [
        f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT",
        f"Wed, 21 Oct 2026 07:28:00 +{'9' * 14}",
        f"Wed, {'9' * 20} Oct 2026 07:28:00 GMT",
        "Wed, 21 Oct 2026 07:28:00 +9999",
        "9" * 5_000 + " Oct 2026 07:28:00 GMT",
        "Wed, 21 Oct 0001 00:00:00 +2300",
    ],
)
def test_no_date_of_retry_after_is_a_surprise(text: str) -> None:
    """One that no calendar has is none, and the answer it came with is a failure like any other."""
    assert retry_after(text) in (None, 0, MAX_WAIT)
