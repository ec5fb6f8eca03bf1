from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from springhead.server.asgi import AsgiServer
from springhead.server.connection import MAX_HEAD_BYTES
from springhead.server.sockets import join_address, listen

POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body, once it is here, and how many headers there were."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message.get("more_body"):
            break
    text = b"%d headers, %b" % (len(scope["headers"]), body)
    headers = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def serving(idle_seconds: float = 30, connections: int = 100, app: ASGIApp = echo) -> AsyncIterator[int]:
    """Serve an app, the echo by default, until the end of the block; its port."""
    sockets = listen("127.0.0.1", 0)
    port: int = sockets[0].getsockname()[1]
    server = AsgiServer(app, connections=connections, grace_seconds=5)
    server.config.timeout_keep_alive = idle_seconds  # type: ignore[assignment] # shorter than uvicorn thinks of
    running = asyncio.create_task(server.serve(sockets))
    try:
        yield port
    finally:
        server.should_exit = True
        await running


async def answers(port: int, *pieces: bytes) -> bytes:
    """What comes back on a connection until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def statuses(data: bytes) -> list[int]:
    """The statuses of all responses in it."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent", [b"", b"POST", POST, POST + b"X-A: ", b"\r\n", POST + HELLO, POST + HELLO + POST]
)
def test_a_connection_that_sends_no_whole_head_is_closed(sent: bytes) -> None:
    """Whether it never sends one, stops in the middle, or had a request answered before."""

    async def scenario() -> bytes:
        async with serving(idle_seconds=0.2) as port:
            return await answers(port, sent)

    assert statuses(asyncio.run(scenario())) == [200] * sent.count(b"hello")


def test_bytes_that_trickle_in_do_not_extend_the_time_for_a_head() -> None:
    """The deadline is for all of it."""

    async def scenario() -> bytes:
        async with serving(idle_seconds=0.3) as port:
            return await answers(port, POST, *[b"X-A: a\r\n"] * 1_000)

    assert asyncio.run(scenario()) == b""


def test_a_body_may_take_longer_than_a_head() -> None:
    """How long it may take is for the app to say."""

    async def scenario() -> bytes:
        async with serving(idle_seconds=0.1) as port:
            head = POST + b"Content-Length: 50\r\nConnection: close\r\n\r\n"
            return await answers(port, head, *[b"a"] * 50)

    assert asyncio.run(scenario()).endswith(b"a" * 50)


LINE = b"X-A: " + b"a" * 10_000 + b"\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "pieces",
    [
        [POST, *[LINE] * (MAX_HEAD_BYTES // 10_000 + 1), b"\r\n"],
        [POST, b"X-A: ", *[b"a" * 100_000] * 6],
        [b"POST /", *[b"a" * 100_000] * 6],
        [POST, *[b"a: b\r\n" * 500] * 3],
        [POST + b"a: b\r\n" * 1_000 + HELLO],
        [POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", *[b"a" * 100_000] * 6],
        [POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 1_002],
        [POST + b"Transfer-Encoding: chunked\r\n\r\n5;", *[b"a" * 100_000] * 6],
    ],
    ids=["lines", "value", "url", "count", "count at once", "trailer", "trailers", "chunk extension"],
)
def test_a_head_too_large_is_refused(pieces: list[bytes]) -> None:
    """By its bytes or its number of headers, whether it ends or not; the framing of chunks counts, too."""

    async def scenario() -> bytes:
        async with serving() as port:
            return await answers(port, *pieces)

    assert statuses(asyncio.run(scenario())) == [431]


def test_a_large_body_is_not_a_large_head() -> None:
    """Not in tiny chunks either, of which most of the bytes are framing."""

    async def scenario() -> tuple[bytes, bytes]:
        async with serving() as port:
            head = POST + b"Connection: close\r\n"
            whole = head + b"Content-Length: 2000000\r\n\r\n" + b"a" * 2_000_000
            chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 200_000 + b"0\r\n\r\n"
            return await answers(port, whole), await answers(port, chunked)

    whole, chunked = asyncio.run(scenario())

    assert whole.endswith(b"\r\n\r\n3 headers, " + b"a" * 2_000_000)
    assert chunked.endswith(b"\r\n\r\n3 headers, " + b"a" * 200_000)


def test_a_trailer_is_not_a_header() -> None:
    """Nobody checked it with the head, so the app does not see it."""

    async def scenario() -> bytes:
        async with serving() as port:
            head = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            return await answers(port, head, b"5\r\nhello\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")

    assert asyncio.run(scenario()).endswith(b"\r\n\r\n3 headers, hello")


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_upgrade_is_ignored_and_the_body_read(protocol: bytes) -> None:
    """As Java's client offers HTTP/2 with what it posts; the next request on the connection is read as well."""

    async def scenario() -> bytes:
        async with serving() as port:
            upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + protocol + b"\r\n"
            return await answers(port, POST + upgrade + HELLO, POST + b"Connection: close\r\n" + HELLO)

    found = asyncio.run(scenario())

    assert statuses(found) == [200, 200]
    assert found.count(b"headers, hello") == 2


def test_pipelined_requests_are_answered_in_order() -> None:
    """What is not HTTP ends the connection behind them: its refusal must not be taken for their response."""

    async def scenario() -> bytes:
        async with serving() as port:
            many = [POST + b"Content-Length: 1\r\n\r\n%d" % number for number in range(9)]
            return await answers(port, b"".join([*many, b"nonsense\r\n\r\n"]))

    found = asyncio.run(scenario())

    assert statuses(found) == [200] * 9
    assert re.findall(rb"headers, (\d)", found) == [b"%d" % number for number in range(9)]


def test_any_number_of_pipelined_requests_is_answered() -> None:
    """Few of those that wait are parsed before their turn: 18 bytes would become some thousands."""
    count = 3_000
    most = 0

    async def scenario() -> bytes:
        nonlocal most
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * count + POST + b"Connection: close\r\n" + HELLO)
            found = b""
            while part := await reader.read(1_000):
                most = max(most, sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects()))
                found += part
            writer.close()
            return found

    found = asyncio.run(scenario())

    assert statuses(found) == [200] * (count + 1)
    assert most < count / 5


LARGE = POST + b"Content-Length: 300000\r\n\r\n" + b"a" * 300_000


def test_a_sender_that_does_not_read_its_responses_is_cut_off() -> None:
    """Else it would keep its connection for ever."""

    async def scenario() -> None:
        async with serving(idle_seconds=0.2) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(LARGE)
                    await writer.drain()

    asyncio.run(scenario())  # it ends at all


def test_a_sender_that_reads_its_responses_late_gets_all_of_them() -> None:
    """A pause is not the end."""

    async def scenario() -> bytes:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.write(LARGE * 20 + POST + b"Connection: close\r\n" + HELLO)
            await asyncio.sleep(0.1)
            found = await reader.read()
            writer.close()
            return found

    assert statuses(asyncio.run(scenario())) == [200] * 21


@pytest.mark.slow
@pytest.mark.parametrize(
    "bad",
    [
        b"nonsense\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhellox",
        POST.replace(b"\r\n", b"\n") + HELLO.replace(b"\r\n", b"\n"),
        POST + b"X-A : a\r\n" + HELLO,
        b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_ambiguous_is_refused(bad: bytes) -> None:
    """Another server in front of this one could read it as other requests."""

    async def scenario() -> bytes:
        async with serving() as port:
            return await answers(port, bad)

    assert statuses(asyncio.run(scenario())) == [400]


@pytest.mark.parametrize(("sent", "status"), [(HELLO, 200), (HELLO[:-1], 400)])
def test_a_sender_that_only_stops_sending_is_answered(sent: bytes, status: int) -> None:
    """It may listen still; where its body is not whole it must know."""

    async def scenario() -> bytes:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(POST + sent)
            writer.write_eof()
            found = await reader.read()
            writer.close()
            return found

    assert statuses(asyncio.run(scenario())) == [status]


@pytest.mark.parametrize("rest", [b"zz\r\n", None], ids=["bad chunk", "end"])
def test_a_refusal_is_the_last_that_is_written(rest: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    """The app begins to read only after it, which would meet the sender's expectation."""

    async def scenario() -> bytes:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(POST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n" + (rest or b""))
            if rest is None:
                writer.write_eof()
            found = await reader.read()
            writer.close()
            return found

    found = asyncio.run(scenario())

    assert statuses(found)[-1] == 400
    assert caplog.messages == []


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 20000000\r\n\r\n" + b"a" * 20_000_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"fffff\r\n%b\r\n" % (b"a" * 0xFFFFF) * 20 + b"0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
def test_a_sender_that_reads_only_when_all_is_sent_is_answered(body: bytes) -> None:
    """Also if the app refuses its body unread; what follows on the connection is not answered."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await echo(scope, receive, send)
            return
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def scenario() -> bytes:
        async with serving(app=refuse) as port:
            return await asyncio.to_thread(sent_then_read, port, POST + body + POST + HELLO)

    assert statuses(asyncio.run(scenario())) == [413]


def sent_then_read(port: int, data: bytes) -> bytes:
    """What comes back to a sender that first sends everything."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall(data)
        received = b""
        while part := wire.recv(65_536):
            received += part
        return received


def test_an_expectation_is_met_when_the_app_reads() -> None:
    """Only then does the sender send its body."""

    async def scenario() -> bytes:
        async with serving() as port:
            return await answers(port, POST + b"Expect: 100-continue\r\nConnection: close\r\n" + HELLO)

    assert statuses(asyncio.run(scenario())) == [100, 200]


def test_an_idle_connection_outlives_its_callers() -> None:
    """rudder-server closes one after 5 s, proxies after a minute; who is closed first loses a request."""
    server = AsgiServer(echo, connections=1, grace_seconds=1)

    assert server.config.timeout_keep_alive > 60


async def connected(port: int, *sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which this was sent and, after a whole request, a response came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        if piece.endswith(HELLO):
            await reader.readuntil(b"hello")
    await asyncio.sleep(0.05)  # the server sees each before the next
    return reader, writer


async def is_answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether what is posted on a connection, or the rest of it, is answered."""
    try:
        writer.write(POST + HELLO)
        return bool(await reader.readuntil(b"hello"))
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    finally:
        writer.close()


@pytest.mark.parametrize("sent", [b"", POST, POST + HELLO], ids=["nothing", "half a head", "a request"])
def test_a_new_connection_takes_the_place_of_the_one_idle_longest(sent: bytes) -> None:
    """Whether that sent nothing, half a head, or a request that was answered."""

    async def scenario() -> list[bool]:
        async with serving(connections=3) as port:
            idle = [await connected(port, POST + HELLO), await connected(port, sent)]
            idle.append(await connected(port, POST + HELLO))
            idle[0][1].write(POST + HELLO)  # the second one is now idle longest
            await idle[0][0].readuntil(b"hello")
            new = await connected(port)
            return [await is_answered(*one) for one in (idle[0], idle[1], idle[2], new)]

    assert asyncio.run(scenario()) == [True, False, True, True]


def test_a_request_in_flight_keeps_its_connection() -> None:
    """Where every connection has one, it is the new connection that is closed, until one of them ends."""
    head = POST + b"Content-Length: 5\r\n\r\n"

    async def scenario() -> list[bytes]:
        async with serving(connections=2) as port:
            busy = [await connected(port, head), await connected(port, head)]
            refused, closing = await connected(port)
            found = [await refused.read()]
            closing.close()
            for reader, writer in busy:
                writer.write(b"hello")
                found.append(await reader.readuntil(b"hello"))
                writer.close()
            return [*found, await answers(port, POST + b"Connection: close\r\n" + HELLO)]

    refused, *responses = asyncio.run(scenario())

    assert refused == b""
    assert [statuses(response) for response in responses] == [[200]] * 3


def test_idle_connections_do_not_hold_up_the_end() -> None:
    """They are closed; half a head is idle as well."""

    async def scenario() -> bytes:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(POST)
            await asyncio.sleep(0.05)
        found = await reader.read()
        writer.close()
        return found

    assert asyncio.run(scenario()) == b""


def test_localhost_is_listened_on_at_all_its_addresses() -> None:
    """IPv6 as well as IPv4, where the machine has both."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]

    sockets = listen("localhost", port)

    try:
        found = {(one.family, one.getsockname()[0]) for one in sockets}
        expected = {
            (family, address[0])
            for family, _, _, _, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
        }
        assert found == expected
    finally:
        for one in sockets:
            one.close()


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    """As in a URL, because it ends where its port begins."""
    assert join_address("2001:db8::1", 8080) == "[2001:db8::1]:8080"
    assert join_address("localhost", 8080) == "localhost:8080"
    with pytest.raises(OSError, match=r"cannot listen on \[2001:db8::1\]:8080: "):
        listen("2001:db8::1", 8080)
