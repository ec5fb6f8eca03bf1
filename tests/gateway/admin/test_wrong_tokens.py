"""How wrong tokens at the admin address are slowed down and logged."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from starlette.responses import PlainTextResponse

from springhead.gateway.admin.auth import AuthMiddleware
from springhead.gateway.admin.wrong_tokens import ADDRESSES, DELAYED, FORGET_SECONDS, TOLERATED, WrongTokens
from springhead.gateway.settings.model import GatewaySettings
from support.admins import TOKEN, Admin, admin_address
from support.servers import LOCAL, until

GUESS = "an-invented-guess-of-the-token"


def bearer(token: str) -> dict[str, str]:
    """Headers that present a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An admin address that asks for a token."""
    with admin_address(tmp_path_factory.mktemp("closed"), token=TOKEN) as one:
        yield one


def test_each_further_wrong_token_takes_longer() -> None:
    """Five are answered at once; then the delay doubles, up to a limit. Other addresses have their own."""
    tokens = WrongTokens(clock=lambda: 0.0)

    assert [tokens.delay("192.0.2.1") for _ in range(12)] == [0, 0, 0, 0, 0, 0.25, 0.5, 1, 2, 4, 4, 4]
    assert tokens.delay("192.0.2.2") == 0


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8::1", "2001:db8::abcd:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_a_caller_may_have_many_addresses(first: str, second: str, is_one: bool) -> None:
    """Those of an IPv6 network are its own to choose from, and count together."""
    tokens = WrongTokens(clock=lambda: 0.0)
    for _ in range(TOLERATED):
        tokens.delay(first)

    assert (tokens.delay(second) > 0) is is_one


def test_an_address_is_forgotten_after_a_while() -> None:
    """Also where very many others follow it, so that memory is bounded."""
    now = 0.0
    tokens = WrongTokens(clock=lambda: now)
    for _ in range(10):
        tokens.delay("192.0.2.1")
        tokens.delay("192.0.2.2")

    for number in range(ADDRESSES - 1):
        tokens.delay(f"2001:db8:{number:x}::1")
    forgotten, remembered = tokens.delay("192.0.2.1"), tokens.delay("2001:db8:3::1")
    now = FORGET_SECONDS + 1
    late = [tokens.delay("2001:db8:3::1") for _ in range(6)]

    assert (forgotten, remembered) == (0, 0)
    assert late == [0, 0, 0, 0, 0, 0.25]


def test_the_number_of_delayed_answers_is_bounded() -> None:
    """Further ones are answered at once: delayed ones must not take every connection."""

    async def scenario() -> int:
        tokens = WrongTokens(clock=lambda: 0.0)
        for _ in range(20):
            tokens.delay("192.0.2.1")
        delayed = [asyncio.create_task(tokens.add("192.0.2.1")) for _ in range(DELAYED)]
        await asyncio.sleep(0)

        await tokens.add("192.0.2.1")

        pending = sum(not task.done() for task in delayed)
        for task in delayed:
            task.cancel()
        await asyncio.gather(*delayed, return_exceptions=True)
        return pending

    assert asyncio.run(scenario()) == DELAYED


def test_the_right_token_overtakes_wrong_ones() -> None:
    """Those of the same address are still being delayed when it is answered."""
    settings = GatewaySettings(admin_token=TOKEN)  # type: ignore[arg-type]
    app = AuthMiddleware(PlainTextResponse("let in"), settings)

    async def scenario() -> tuple[list[int], httpx.Response, int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            at_once = [await client.get("/api/status", headers=bearer(GUESS)) for _ in range(TOLERATED)]
            guesses = [asyncio.create_task(client.get("/", headers=bearer(GUESS))) for _ in range(10)]
            await asyncio.sleep(0)
            right = await client.get("/api/status", headers=bearer(TOKEN))
            pending = sum(not guess.done() for guess in guesses)
            for guess in guesses:
                guess.cancel()
            await asyncio.gather(*guesses, return_exceptions=True)
        return [answer.status_code for answer in at_once], right, pending

    at_once, right, pending = asyncio.run(scenario())

    assert at_once == [401] * TOLERATED
    assert (right.status_code, right.text) == (200, "let in")
    assert pending == 10


def test_wrong_tokens_are_logged(closed: Admin) -> None:
    """With the address they come from, a few times at most, and without the token."""
    closed.call("/api/status", headers=bearer(GUESS))
    closed.call("/", "POST", data={"token": GUESS})
    closed.call("/")

    log = closed.server.log.read_text()
    assert log.count("a call to the admin address had a wrong token") == 1
    assert '"address":"127.0.0.1"' in log
    assert GUESS not in log


@pytest.mark.slow
def test_connections_that_wait_do_not_shut_others_out(closed: Admin) -> None:
    """Whether they sent nothing, or half a request."""
    port = int(closed.url.rpartition(":")[2])
    with ExitStack() as stack:
        for number in range(250):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            if number % 2:
                one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")

        answers = [httpx.get(f"{closed.url}{path}", **LOCAL) for path in ("/health", "/ready", "/")]

    assert [answer.status_code for answer in answers] == [200, 200, 401]


@pytest.mark.slow
def test_forms_that_never_arrive_do_not_shut_others_out(closed: Admin) -> None:
    """They are given up after a few seconds."""
    port = int(closed.url.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(250):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\ntoken=")

        until(lambda: is_up(closed))


def is_up(admin: Admin) -> bool:
    """Whether the admin address answers a new connection."""
    try:
        return admin.call("/health").is_success
    except httpx.TransportError:
        return False
