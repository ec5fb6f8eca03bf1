"""What `/v1/webhook` answers to methods, paths and load."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from springhead.gateway.app import Gateway as WebhookGateway
from springhead.gateway.settings import load_settings
from support.gateways import KEY, SOURCE, Gateway, gateway, toml
from support.hosts import HOST
from support.servers import LOCAL
from support.webhooks import AUTHORIZATION, ERROR, GUARDED_KEY, OFF_KEY, is_busy, log


def test_a_get_is_answered_and_changes_nothing(here: Gateway) -> None:
    """With a valid key the answer is an empty 200, whatever the call brings."""
    before = here.kept()

    for response in (
        here.call(),
        here.call("GET", KEY, "type=s&log_id=1"),
        here.call("GET", content=b"{}"),
        here.call("GET", content=b"{}", headers={"Content-Encoding": "gzip"}),
    ):
        assert (response.status_code, response.content) == (200, b"")
        assert "content-type" not in response.headers
    assert here.call("GET", "unknown").status_code == 401
    assert here.kept() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_any_other_method_is_refused(here: Gateway, method: str) -> None:
    """With an empty 405 that names the allowed ones. There is no CORS: no browser posts webhooks."""
    response = here.call(method)

    assert (response.status_code, response.content) == (405, b"")
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/version", "/robots.txt", "/openapi.json"])
def test_other_pages_are_only_read(here: Gateway, path: str) -> None:
    """Any other method is refused as at the webhook."""
    response = here.get(path, "POST")

    assert (response.status_code, response.content) == (405, b"")
    assert response.headers["allow"] == "GET, HEAD"


def test_search_engines_are_told_to_stay_away(here: Gateway) -> None:
    """In rudder-server's words."""
    assert here.get("/robots.txt").text == "User-agent: * \nDisallow: / \n"


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/webhook/", "/v1//webhook", "/V1/webhook", "/v1/webhook%2F", "/v1/web%68ook", "/v1", "/x"),
        *("/v1/webhook%0A", "/health%0A", "/%0A"),
    ],
)
def test_any_other_path_is_not_found(here: Gateway, path: str) -> None:
    """Only the exact path is served."""
    response = here.get(f"{path}?writeKey={KEY}", "POST", content=json.dumps(log()))

    assert (response.status_code, response.text) == (404, "404 page not found\n")
    assert ERROR.items() <= response.headers.items()


@pytest.mark.slow
def test_too_many_calls_at_once_are_refused(tmp_path: Path) -> None:
    """Slow senders do not hold up health checks, nor calls without a key, which are refused unread."""
    head = f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[".encode()
    with gateway(tmp_path, limits={"waiting": 3}) as one:
        wires = [one.wire() for _ in range(3)]
        for wire in wires:
            wire.sendall(head)

        refused = next(answer for answer in iter(one.post, None) if answer.text != "ok")

        assert is_busy(refused)
        assert refused.text == "the gateway is busy: try again\n"
        assert one.get("/health").status_code == 200
        assert one.post(key="unknown").status_code == 401
        for wire in wires:
            wire.sendall(b"       ]")
            answer = b""
            while not answer.endswith(b"\r\n\r\nok"):  # it may come in pieces
                answer += wire.recv(10_000)
            wire.close()
        assert one.post().text == "ok"
        assert one.accepted() == 1


@pytest.mark.slow
def test_slow_senders_of_one_source_shut_no_other_out(tmp_path: Path) -> None:
    """At the limit a source with less than its equal share of the calls still gets in."""
    head = f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[".encode()
    other = {"name": "Other", "type": "auth0", "write_key": ["key-of-the-other-tenant"]}
    with gateway(tmp_path, SOURCE, other, limits={"waiting": 3}) as one:
        wires = [one.wire() for _ in range(3)]
        for wire in wires:
            wire.sendall(head)
        assert is_busy(next(answer for answer in iter(one.post, None) if answer.text != "ok"))

        assert [one.post(key="key-of-the-other-tenant").text for _ in range(3)] == ["ok"] * 3

        assert is_busy(one.post())
        for wire in wires:
            wire.close()


def test_a_proxy_may_remove_its_path_or_not(tmp_path: Path) -> None:
    """The gateway answers with and without the path of its public URL, and nowhere else."""
    section = {"public_url": "https://hooks.example.com/springhead"}
    with gateway(tmp_path, gateway=section) as one:
        posted = [
            one.get(f"{path}?writeKey={KEY}", "POST", json=log()).text
            for path in ("/v1/webhook", "/springhead/v1/webhook")
        ]
        ready = [one.get(path).text for path in ("/ready", "/springhead/ready")]
        missing = [
            one.get(path)
            for path in (
                "/springhead",
                "/springhead/x",
                "/springhead/v1/webhook/",
                "/springheadv1/webhook",
                "/x",
            )
        ]
        described = one.get("/openapi.json").json()["servers"]
        shown = httpx.get(f"{one.admin_url}/api/status", **LOCAL).json()["webhook"]

    assert posted == ["ok", "ok"]
    assert ready == ["ready\n", "ready\n"]
    assert {(answer.status_code, answer.text) for answer in missing} == {(404, "404 page not found\n")}
    assert described == [{"url": "https://hooks.example.com/springhead"}]
    assert shown == "https://hooks.example.com/springhead/v1/webhook"


def test_a_gateway_without_its_lifespan_accepts_nothing(tmp_path: Path) -> None:
    """Starlette does not run the lifespan of a mounted app: what it answered `ok` would never be delivered."""
    config = tmp_path / "springhead.toml"
    config.write_text(toml({}, SOURCE))

    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        app = WebhookGateway(HOST, load_settings(config))
        transport = httpx.ASGITransport(app.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            posted = await client.post(f"/v1/webhook?writeKey={KEY}", json=log())
            ready = await client.get("/ready")
        await app.store.close()
        return posted, ready

    posted, ready = asyncio.run(scenario())

    assert (posted.status_code, ready.status_code) == (503, 503)
    assert posted.text == ready.text == "the gateway is not started: its lifespan does not run\n"


def test_the_log_names_the_source_and_the_status_of_a_call(tmp_path: Path) -> None:
    """Also if the call is refused after its key was found; the status is a number in every log format."""
    config = tmp_path / "springhead.toml"
    guarded = {**SOURCE, "name": "guarded", "write_key": [GUARDED_KEY], "authorization": AUTHORIZATION}
    off = {**SOURCE, "name": "off", "write_key": [OFF_KEY], "enabled": False}
    config.write_text(toml({"gateway": {"access_log": True}}, SOURCE, guarded, off))
    keys = (KEY, GUARDED_KEY, OFF_KEY, "unknown")

    async def scenario() -> None:
        app = WebhookGateway(HOST, load_settings(config))
        transport = httpx.ASGITransport(app.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.app.lifespan_context(app.app), client:
            for key in keys:
                await client.post(f"/v1/webhook?writeKey={key}", json=log())

    with capture_logs() as logs:
        asyncio.run(scenario())

    answered = [(one["source"], repr(one["status"])) for one in logs if one["event"] == "call answered"]
    refused = [(one["source"], repr(one["status"])) for one in logs if one["event"] == "call refused"]
    assert answered == [("Auth0", "200"), ("guarded", "401"), ("off", "404"), ("", "401")]
    assert refused == answered[1:]


def test_the_log_has_each_reason_for_a_401(tmp_path: Path) -> None:
    """A call without a key does not hide that the next one has a wrong key; a repeated reason is counted."""
    config = tmp_path / "springhead.toml"
    config.write_text(toml({}, SOURCE))

    async def scenario() -> None:
        app = WebhookGateway(HOST, load_settings(config))
        transport = httpx.ASGITransport(app.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.app.lifespan_context(app.app), client:
            for query in ("", "?writeKey=unknown", "", "?writeKey=unknown"):
                await client.post(f"/v1/webhook{query}", json=log())

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert [one["reason"] for one in logs if one["event"] == "call refused"] == [
        "failed to read writekey from query params",
        "invalid write key",
    ]
