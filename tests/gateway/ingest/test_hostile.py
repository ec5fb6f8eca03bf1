"""Whatever is sent to the webhook endpoint to do harm, other senders are served."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import re
import resource
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from springhead import Host, Outcome, Request
from springhead.core.host import Receiver
from springhead.gateway import gateway_app, load_settings
from springhead.gateway.storage.sqlite.database import FILE
from springhead.server.memory import MAPPED_AT_ONCE
from support.described import assert_described
from support.effort import scaled
from support.gateways import KEY, SOURCE, Gateway, gateway, toml
from support.servers import LOCAL

EXAMPLES = scaled(1_000)
GUARDED = "key-of-the-guarded-tenant"
AUTHORIZATION = "Bearer invented-authorization"
HEAD = f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\n".encode()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose worker must survive the tests, and whose log must hold no secret."""
    guarded = {"name": "Guarded", "type": "auth0", "write_key": [GUARDED], "authorization": AUTHORIZATION}
    with gateway(tmp_path_factory.mktemp("hostile"), SOURCE, guarded) as one:
        workers = one.workers()
        yield one
        assert one.workers() == workers
        text = one.log.read_text()
        assert not any(secret in text for secret in (KEY, GUARDED, AUTHORIZATION))
        assert "Traceback" not in text


def log() -> dict[str, object]:
    """A good record with an id of its own."""
    return {"log_id": str(uuid.uuid4()), "data": {"type": "s", "user_id": "auth0|1"}}


def others_are_served(here: Gateway, times: int = 3) -> None:
    """Post good records, each of which must be accepted."""
    for _ in range(times):
        assert here.post(log()).text == "ok"


# Bodies, headers and queries of any kind, over connections kept alive


@dataclass
class Caller:
    """A client that keeps its connection alive, and remembers the good records it sent."""

    wire: http.client.HTTPConnection
    good: set[str] = field(default_factory=set)

    def post(self, target: str, body: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
        """The status and the body of the response."""
        self.wire.putrequest("POST", target, skip_accept_encoding=True)
        for name, value in headers:
            self.wire.putheader(name, value)
        self.wire.putheader("Content-Length", str(len(body)))
        self.wire.endheaders(body)
        answer = self.wire.getresponse()
        return answer.status, answer.read()  # a closed connection is reopened by the next call


def as_json(value: object) -> bytes:
    """The JSON of a value, in ASCII."""
    return json.dumps(value).encode()


texts = st.text(st.characters(exclude_characters="\r\n"), max_size=20)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(["\0", "\ud800", "__proto__", "constructor", "a" * 3000, 10**400, 2**64]),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)
fields = st.sampled_from(
    ["type", "user_id", "log_id", "_id", "details", "date", "ip", "connection", "logs", "data"]
)
logs = st.builds(
    lambda outer, inner: outer | {"data": inner},
    st.dictionaries(fields | texts, values, max_size=3),
    st.dictionaries(fields, values, max_size=5) | values,
)
bad = st.sampled_from(
    [
        b"NaN",
        b"-Infinity",
        b"01",
        b"hello",
        b"\xff",
        b"'a'",
        b'"\x01"',
        b'"\xed\xa0\x80"',
        b"1e999999",
        b"",
        b"1 2",
    ]
)
elements = st.one_of(
    values.map(as_json), logs.map(as_json), bad, st.just(b"[" * 300 + b"]" * 300), st.just(b'{"a":bad}')
)
types = st.sampled_from(
    [
        b"application/json",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x",
        b"multipart/form-data",
        b"text/plain; charset=utf-16",
        b"",
        b"\xff/\xfe",
    ]
)
header_values = st.binary(max_size=30).map(
    lambda raw: bytes(byte for byte in raw if byte >= 0x20 and byte != 0x7F)
)
extra = st.lists(
    st.tuples(
        st.sampled_from(
            [b"X-Forwarded-For", b"Cookie", b"X-A", b"User-Agent", b"Referer", b"Authorization", b"Accept"]
        ),
        header_values,
    ),
    max_size=4,
)
encodings = st.sampled_from([b"gzip", b"deflate", b"br", b"identity", b"\xff", b"gzip, gzip"])
queries = st.one_of(
    st.just(""),
    st.text("aA1-._~!$&'()*+,;=:@/?%", max_size=30),
    st.sampled_from(["&" * 500, "a=%ff%00%zz", "writeKey=", "writeKey", "&=&=", "a=" + "b" * 20_000, "&;?"]),
).map(lambda text: f"/v1/webhook?writeKey={KEY}&{text}")
forms = st.lists(
    st.sampled_from([b"a=1", b"&", b"%", b"%zz", b"=", b";", b"%00", b"a[]=", b"\xff"]), max_size=9
).map(b"".join)
parts = st.lists(
    st.sampled_from(
        [
            b"--x\r\n",
            b"--x--\r\n",
            b'Content-Disposition: form-data; name="a"\r\n',
            b'Content-Disposition: form-data; name="a"; filename="b"\r\n',
            b"Content-Type: \xff\r\n",
            b"\r\n",
            b"1",
            b"--",
        ]
    ),
    max_size=9,
).map(b"".join)
junk = st.one_of(
    st.binary(max_size=200),
    forms,
    parts,
    st.lists(elements, max_size=3).map(b"\n".join),
    st.lists(elements, max_size=3).map(lambda some: b'{"logs": [' + b", ".join(some)),
    values.map(as_json),
)


@pytest.mark.slow
def test_whatever_is_posted_harms_no_neighbour_and_leaks_no_memory(here: Gateway) -> None:
    """No body is answered with a 5xx, and the good record in every list becomes an event."""
    caller = Caller(http.client.HTTPConnection("127.0.0.1", here.port, timeout=20))
    (worker,) = here.workers()
    peaks: list[int] = []
    count = iter(range(10**9))

    @settings(
        max_examples=EXAMPLES * 2 // 3, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(elements, max_size=5), st.integers(0, 5), types, extra, queries)
    def a_list(
        some: list[bytes], place: int, type_: bytes, headers: list[tuple[bytes, bytes]], target: str
    ) -> None:
        record = log()
        body = b"[" + b",".join([*some[:place], as_json(record), *some[place:]]) + b"]"
        status, text = caller.post(target, body, [(b"Content-Type", type_), *headers])
        assert (status, text) == (200, b"ok")
        caller.good.add(str(record["log_id"]))
        if next(count) == EXAMPLES // 6:
            peaks.append(peak(worker))

    @settings(max_examples=EXAMPLES // 3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(junk, types, st.none() | encodings, extra, queries)
    def a_body(
        body: bytes, type_: bytes, encoding: bytes | None, headers: list[tuple[bytes, bytes]], target: str
    ) -> None:
        if encoding is not None:
            headers = [*headers, (b"Content-Encoding", encoding)]
        status, text = caller.post(target, body, [(b"Content-Type", type_), *headers])
        assert status in (200, 400, 413, 415)
        assert (text == b"ok") if status == 200 else text.endswith(b"\n")

    a_list()
    a_body()
    caller.wire.close()

    assert caller.good - delivered_logs(here) == set()
    assert peak(worker) - peaks[0] < 50_000_000
    others_are_served(here)


def delivered_logs(here: Gateway) -> set[str]:
    """The ids of all delivered logs, once nothing is left to deliver."""
    while here.ask(lambda store: store.counts()).undelivered:
        time.sleep(0.1)
    ids = (event.get("properties", {}).get("log_id") for event in here.delivered(0))
    return {one for one in ids if isinstance(one, str)}


def peak(process: int) -> int:
    """The most memory a process ever had, in bytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


# Connections


def test_idle_connections_do_not_shut_others_out(here: Gateway) -> None:
    """Nor do heads that never end, in numbers beyond a server's usual limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(1_500, most - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wires = [here.wire() for _ in range(count)]
    for number, wire in enumerate(wires):
        wire.sendall((b"", b"POST /v1/web", HEAD, HEAD + b"X-A: ")[number % 4])

    others_are_served(here)

    for wire in wires:
        wire.close()
    others_are_served(here)


def test_slow_and_half_closed_bodies_do_not_delay_others(here: Gateway) -> None:
    """Hundreds of them trickle, stall, or end in the middle."""
    wires = [here.wire() for _ in range(400)]
    for number, wire in enumerate(wires):
        chunked = number % 2
        wire.sendall(
            HEAD + (b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1000") + b"\r\n\r\n"
        )
        wire.sendall(b"1\r\n[\r\n" if chunked else b"[")
        if number % 4 > 1:
            wire.shutdown(socket.SHUT_WR)

    others_are_served(here)
    for wire in wires[::4]:
        wire.sendall(b" ")
    others_are_served(here)

    for wire in wires:
        wire.close()
    others_are_served(here)


BODY = as_json({"log_id": "raw", "data": {"type": "s", "user_id": "auth0|1"}})
WHOLE = b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
END = b"Connection: close\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (HEAD + WHOLE + HEAD + WHOLE + HEAD + END + WHOLE, [200, 200, 200]),
        (HEAD + WHOLE + b"nonsense\r\n\r\n", [200]),
        (HEAD.replace(b"1.1", b"1.0") + WHOLE, [200]),
        (HEAD.replace(b"Host: localhost\r\n", b"") + END + WHOLE, [200]),
        (HEAD.replace(b"/v1", b"http://localhost/v1") + END + WHOLE, [200]),
        (HEAD + END + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS, [200]),
        (HEAD + END + b"Expect: 100-continue\r\n" + WHOLE, [100, 200]),
        (HEAD + b"X-A: " + b"a" * 300_000 + b"\r\n" + END + WHOLE, [200]),
        (HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(90)) + END + WHOLE, [200]),
        (HEAD + b"X-A: \xff\xfe\r\n" + END + WHOLE, [200]),
        (HEAD + b"Content-Length: 7\r\n" + WHOLE, [400]),
        (HEAD + b"Transfer-Encoding: chunked\r\n" + WHOLE, [400]),
        (HEAD + b"Content-Length: -1\r\n\r\n", [400]),
        (HEAD + b"Content-Length: 1_0\r\n\r\n", [400]),
        (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", [400]),
        (HEAD + b"Content-Length: 999999999999\r\n\r\n", [413]),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", [400]),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", [400]),
        (HEAD + b"Transfer-Encoding: nonsense\r\n\r\n", [400]),
        (HEAD + b"X-A: " + b"a" * 600_000 + b"\r\n" + WHOLE, [431]),
        (HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(1_000)) + WHOLE, [431]),
        (HEAD.replace(b" HTTP", b"&" * 999 + b" HTTP") + END + WHOLE, [200]),
        (HEAD.replace(b" HTTP", b"&" * 1_000 + b" HTTP") + WHOLE, [431]),
        (HEAD.replace(b" HTTP", b"&" + b"a" * 70_000 + b" HTTP") + WHOLE, [400]),
        (HEAD + b"X-A: a\0b\r\n" + WHOLE, [400]),
        (HEAD + b"X-A: a\r\n b\r\n" + WHOLE, [400]),
        (HEAD.replace(b"writeKey", b"\xff") + WHOLE, [400]),
        (HEAD.replace(b"POST", b"post") + END + WHOLE, [400]),
        (b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", [400]),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n" + END + b"\r\n", [404]),
        (HEAD + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n" + WHOLE, [200]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 100, [400]),
        (b"\0" * 1000, [400]),
        (b"\r\n" * 100_000, []),
    ],
    ids=lambda value: ascii(value)[-60:],
)
def test_odd_http_is_answered_and_harms_nobody(here: Gateway, sent: bytes, statuses: list[int]) -> None:
    """No way to bend the protocol is answered with a 5xx; some are not answered at all."""
    received = b""
    with here.wire() as wire, contextlib.suppress(ConnectionError, TimeoutError):
        wire.sendall(sent)
        while True:
            if len(statuses_of(received)) >= len(statuses):
                wire.settimeout(0.3)  # for a response that must not come
            if not (part := wire.recv(65_536)):
                break
            received += part

    assert statuses_of(received) == statuses
    others_are_served(here, 1)


def statuses_of(received: bytes) -> list[int]:
    """The statuses of the responses in what was received."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 5_000 + b"1]",
        b"[" + b'{"type":"s"},' * 5_000 + b"{}]",
        b"{}\n" * 5_000,
        b"[" + b"," * 3_900_000 + b"]",
        b"[" * 4_000_000,
        b'["' + b'\\"' * 1_900_000,
        b"a&" * 2_000_000,
    ],
    ids=lambda body: ascii(body[:12]),
)
def test_a_body_that_takes_long_does_not_delay_others(here: Gateway, body: bytes) -> None:
    """These bodies take the most work before anything is stored."""
    answers: list[int] = []
    types = {
        "Content-Type": "application/x-www-form-urlencoded" if body.startswith(b"a") else "application/json"
    }
    thread = threading.Thread(target=lambda: answers.append(here.post(body, headers=types).status_code))
    thread.start()
    time.sleep(0.05)

    others_are_served(here)

    thread.join()
    assert answers in ([200], [400])


@pytest.mark.parametrize(
    ("inside", "count", "text"),
    [
        (b"", 200_000, "the encoded body has more than 1,000 members: encode it as one\n"),
        (b"[]\n", 1_000, "ok"),
        (b"[]\n", 1_001, "the encoded body has more than 1,000 members: encode it as one\n"),
    ],
)
def test_a_body_of_too_many_members_is_refused(here: Gateway, inside: bytes, count: int, text: str) -> None:
    """A gzip member takes 20 bytes or more: a body has room for 200,000 of them, and a sender needs one."""
    body = gzip.compress(inside, mtime=0) * count

    response = here.post(body, headers={"Content-Encoding": "gzip"})

    assert response.text == text


@pytest.mark.slow
def test_a_few_bytes_of_gzip_take_little_memory(tmp_path: Path) -> None:
    """Four bodies of 90,000 logs each are 6 kB on the wire, and would be a gigabyte in memory."""
    body = gzip.compress(b"[" + b",".join([b'{"type":"s","user_id":"1"}'] * 90_000) + b"]")
    with gateway(tmp_path) as one, ThreadPoolExecutor() as pool:
        (worker,) = one.workers()
        before = peak(worker)

        posts = [pool.submit(one.post, body, headers={"Content-Encoding": "gzip"}) for _ in range(4)]
        others_are_served(one)

        reason = "the body holds more than 10,000 items: send smaller batches\n"
        assert [post.result().text for post in posts] == [reason] * 4
        assert peak(worker) - before < 250_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inside", "count"),
    [(b"[" + b" " * 4_000_000 + b"]", 200), (b"[" + b'{"a":0},' * 500_000 + b"{}]", 15)],
    ids=["blank", "records"],
)
def test_any_number_of_bodies_takes_bounded_memory(tmp_path: Path, inside: bytes, count: int) -> None:
    """Of many bodies of a few KB that are 4 MB once inflated, those without memory wait, then get 503."""
    body = gzip.compress(inside)
    other = {"name": "Other", "type": "auth0", "write_key": [GUARDED]}
    with gateway(tmp_path, SOURCE, other) as one:
        (worker,) = one.workers()
        before = peak(worker)

        async def scenario() -> list[httpx.Response]:
            connections = httpx.Limits(max_connections=None)
            async with httpx.AsyncClient(**LOCAL, timeout=100, limits=connections) as client:
                url = f"{one.url}/v1/webhook?writeKey="
                headers = {"Content-Encoding": "gzip"}
                posts = [client.post(url + KEY, content=body, headers=headers) for _ in range(count)]
                others = [client.post(url + GUARDED, json=log()) for _ in range(20)]
                return list(await asyncio.gather(*posts, *others))

        responses = asyncio.run(scenario())

        answers, others = responses[:count], responses[count:]
        assert {answer.text for answer in others} == {"ok"}
        assert {answer.status_code for answer in answers} <= {503, 200 if inside.endswith(b" ]") else 400}
        for answer in answers:
            if answer.status_code == 503:
                assert answer.text == "too many bodies are in memory: try again\n"
                assert answer.headers["retry-after"] == "5"
        assert peak(worker) - before < 450_000_000


class Slow(Host):
    """A host that holds large requests until it is told to go on, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.held = self.most = 0
        self._counting = threading.Lock()

    def receiver(self, source: str, config: dict[str, Any] | None = None, **more: Any) -> Receiver:
        """The host's receiver, but for large requests only once `go_on` is set."""
        receive = super().receiver(source, config, **more)

        def received(request: Request) -> Outcome:
            if len(request.body) < 100_000:
                return receive(request)
            with self._counting:
                self.held += 1
                self.most = max(self.most, self.held)
            self.go_on.wait(30)
            with self._counting:
                self.held -= 1
            return receive(request)

        return received


MANY = 1_000
"""Records that take too long to be handled between other calls."""
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Observed(Host):
    """A host that notes whether requests are handled in the thread of the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.in_loop: list[bool] = []

    def receiver(self, source: str, config: dict[str, Any] | None = None, **more: Any) -> Receiver:
        """The host's receiver, which notes where it runs."""
        receive = super().receiver(source, config, **more)

        def received(request: Request) -> Outcome:
            self.in_loop.append(threading.current_thread() is threading.main_thread())
            return receive(request)

        return received


@pytest.mark.parametrize(
    ("body", "headers", "in_loop"),
    [
        (as_json([log()] * 9), {}, True),
        (as_json([log()] * 50), {}, True),
        (as_json([{}] * MANY), {}, False),
        (as_json([{"type": 7}] * MANY), {}, False),
        (as_json({"logs": json.dumps([{"type": "s"}] * MANY)}), {}, False),
        (b"{}\n" * MANY, {}, False),
        (b"x\n" * 2 * MANY, {}, False),
        (b"[" + b"x," * 2 * MANY + b"x]", {}, False),
        (b"[" * 2_000 + b"]" * 2_000, {}, False),
        (as_json({"type": "s", "x": "\ud800" * 11_000}), {}, False),
        (b"&".join(b"a%d=%b" % (number, b"%41" * 30) for number in range(999)), FORM, False),
        (
            b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(999))
            + b"--x--\r\n",
            MULTIPART,
            False,
        ),
    ],
    ids=[
        *("few logs", "many logs", "many empty objects", "many rejections", "JSON text", "many lines"),
        *(
            "lines that are not JSON",
            "values that are not JSON",
            "deep nesting",
            "lone surrogates",
            "a form",
            "a multipart form",
        ),
    ],
)
def test_what_takes_long_is_handled_in_a_thread(
    tmp_path: Path, body: bytes, headers: dict[str, str], in_loop: bool
) -> None:
    """However few its bytes are, so that other calls are served meanwhile; what is quick is not worth it."""
    (tmp_path / "springhead.toml").write_text(toml({}, SOURCE))
    host = Observed()
    app = gateway_app(host, load_settings(tmp_path / "springhead.toml"))

    async def scenario() -> int:
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.lifespan_context(app), client:
            url = f"/v1/webhook?writeKey={KEY}"
            return (await client.post(url, content=body, headers=headers)).status_code

    assert asyncio.run(scenario()) in (200, 400)
    assert host.in_loop == [in_loop]


def test_few_large_bodies_are_mapped_at_once(tmp_path: Path) -> None:
    """That bounds the memory they take; small ones do not wait for them."""
    (tmp_path / "springhead.toml").write_text(toml({}, SOURCE))
    host = Slow()
    app = gateway_app(host, load_settings(tmp_path / "springhead.toml"))

    async def scenario() -> tuple[str, list[str]]:
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.lifespan_context(app), client, asyncio.TaskGroup() as tasks:
            url = f"/v1/webhook?writeKey={KEY}"
            large = [tasks.create_task(client.post(url, json={**log(), "x": "x" * 200_000})) for _ in range(20)]
            while host.held < MAPPED_AT_ONCE:  # noqa: ASYNC110 - they are counted in other threads
                await asyncio.sleep(0.01)
            small = await client.post(url, json=log())
            host.go_on.set()
            return small.text, [(await task).text for task in large]

    small, large = asyncio.run(scenario())

    assert (small, large) == ("ok", ["ok"] * 20)
    assert host.most == MAPPED_AT_ONCE


def test_large_bodies_are_mapped_while_others_wait_for_the_disk(tmp_path: Path) -> None:
    """Only their events take memory then, so that many calls are committed together."""
    (tmp_path / "springhead.toml").write_text(toml({}, SOURCE))
    host, calls = Observed(), 3 * MAPPED_AT_ONCE
    settings = load_settings(tmp_path / "springhead.toml")
    app = gateway_app(host, settings)

    async def scenario() -> list[str]:
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        with contextlib.closing(sqlite3.connect(settings.gateway.data / FILE)) as other:
            async with app.lifespan_context(app), client, asyncio.TaskGroup() as tasks:
                other.execute("BEGIN IMMEDIATE")
                post = partial(client.post, f"/v1/webhook?writeKey={KEY}")
                posted = [tasks.create_task(post(json={**log(), "x": "x" * 100_000})) for _ in range(calls)]
                while len(host.in_loop) < calls:  # noqa: ASYNC110 - they are counted in other threads
                    await asyncio.sleep(0.01)
                other.rollback()
                return [(await task).text for task in posted]

    assert asyncio.run(scenario()) == ["ok"] * calls


def test_a_call_refused_unread_ends_its_connection(here: Gateway) -> None:
    """The response says so, else the sender would lose its next call on the same connection."""
    with here.wire() as wire:
        wire.sendall(HEAD.replace(KEY.encode(), b"unknown") + b"Content-Length: 1000\r\n\r\n")

        answer = wire.recv(10_000)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.slow
def test_the_description_is_true(here: Gateway) -> None:
    """Schemathesis calls the running server as its OpenAPI description says, and in ways close to it."""
    checks = ("ignored_auth", "unsupported_method")

    assert_described(here.url, checks=checks, phases="examples,coverage,fuzzing", options=("--auth", f"{KEY}:"))
