"""What becomes of a call: verified as posted, mapped, stored, and only then answered."""

from __future__ import annotations

import asyncio
import importlib
import json
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from springhead import Host, Request
from springhead.core.codec import Object, parse
from springhead.gateway.app import Gateway as WebhookGateway
from springhead.gateway.replay import Replayed, Replayer
from springhead.gateway.settings import load_settings
from springhead.gateway.storage.records import DeadLetter, NewDeadLetter, StoreCounts
from support.distributions import Install
from support.folders import source_folder
from support.gateways import KEY, toml
from support.stores import letters, rows

VERIFIER = """
from springhead import hookimpl

requests = []

@hookimpl
def springhead_verify(source, request, config):
    requests.append(request)
    if request.body == b"raise":
        raise ValueError(request.body)
    return None if request.body.startswith(config["prefix"].encode()) else "the signature is wrong"
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAIRS = {
    "integration": "Acme",
    "events": [{"type": "track", "event": "E", "map": [{"from": "$", "to": "properties"}]}],
}

SOURCE = {"name": "Acme", "type": "acme", "write_key": [KEY], "settings": {"prefix": "s=1"}}

Scenario = Callable[[WebhookGateway, httpx.AsyncClient], Coroutine[Any, Any, Any]]


@pytest.fixture
def verifier(install: Install) -> Any:
    """An installed plugin that verifies calls, and remembers what it was given."""
    install("invented-verifier", VERIFIER, entry="verifier")
    return importlib.import_module("invented_verifier")


def run(folder: Path, scenario: Scenario, source: Path | None = None, **sections: Mapping[str, Any]) -> Any:
    """Run a scenario with a gateway that has one source, Acme, and a client of it."""
    config = folder / "springhead.toml"
    config.write_text(toml(sections, SOURCE))

    async def running() -> Any:
        host = Host(folders=[source or source_folder(folder, mapping=PAIRS)])
        gateway = WebhookGateway(host, load_settings(config))
        transport = httpx.ASGITransport(gateway.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with gateway.app.lifespan_context(gateway.app), client:
            return await scenario(gateway, client)

    return asyncio.run(running())


def test_a_form_is_verified_as_posted_and_mapped_as_json(tmp_path: Path, verifier: Any) -> None:
    """A signature is made over the bytes the sender sends, once for each call."""

    async def scenario(gateway: WebhookGateway, client: httpx.AsyncClient) -> tuple[str, list[Any]]:
        answer = await client.post(f"/v1/webhook?writeKey={KEY}", content=b"s=1&a=2", headers=FORM)
        (recent,) = gateway.recent.last("Acme")
        return answer.text, recent.masked_events(gateway.host, b"key")

    text, (event,) = run(tmp_path, scenario)

    assert text == "ok"
    assert [request.body for request in verifier.requests] == [b"s=1&a=2"]
    assert event["properties"] == {"s": ["1"], "a": ["2"]}


def test_a_refused_call_is_counted_logged_and_forgotten(
    tmp_path: Path, verifier: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither decoded nor kept, whatever the settings keep: a forged call must not fill the disk."""

    async def scenario(
        gateway: WebhookGateway, client: httpx.AsyncClient
    ) -> tuple[list[httpx.Response], StoreCounts, str]:
        url = f"/v1/webhook?writeKey={KEY}"
        answers = [await client.post(url, content=b"a=%zz", headers=FORM) for _ in range(3)]
        counts = await gateway.store.counts()
        return answers, counts, (await gateway.metrics_text()).decode()

    answers, counts, metrics = run(tmp_path, scenario, store={"keep_requests": True})

    assert [(answer.status_code, answer.text) for answer in answers] == [
        (401, "request refused as not authentic\n")
    ] * 3
    assert (counts.undelivered, counts.dead_letters) == (0, 0)
    assert rows(tmp_path / "springhead-data", "SELECT count(*) FROM call") == [(0,)]
    assert 'springhead_gateway_refused_total{source="Acme"} 3.0' in metrics
    assert len(verifier.requests) == 3
    logged = capsys.readouterr().out
    assert logged.count("the signature is wrong") == 1
    assert "a=%zz" not in logged


def test_a_call_that_a_plugin_fails_to_verify_is_answered_500(
    tmp_path: Path, verifier: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the sender tries again. Nothing is kept, and the log names the plugin but nothing of the body."""

    async def scenario(
        gateway: WebhookGateway, client: httpx.AsyncClient
    ) -> tuple[httpx.Response, StoreCounts]:
        answer = await client.post(f"/v1/webhook?writeKey={KEY}", content=b"raise", headers=FORM)
        return answer, await gateway.store.counts()

    answer, counts = run(tmp_path, scenario)

    assert (answer.status_code, answer.text) == (500, "internal error\n")
    assert (counts.undelivered, counts.dead_letters) == (0, 0)
    assert len(verifier.requests) == 1
    logged = capsys.readouterr().out
    reason = "plugin invented-verifier:verifier could not verify the request: it raised ValueError"
    assert logged.count(reason) == 1
    assert "springhead_verify" in logged  # where it raised
    assert "b'raise'" not in logged


def test_the_reasons_that_are_logged_apart_are_few(tmp_path: Path, install: Install) -> None:
    """A plugin that gives each call a reason of its own neither floods the log nor fills memory."""
    module = """
        from springhead import hookimpl

        @hookimpl
        def springhead_verify(source, request, config):
            return f"the call {request.body.decode()} is forged"
    """
    install("invented-verifier", dedent(module), entry="verifier")

    async def scenario(_: WebhookGateway, client: httpx.AsyncClient) -> None:
        for number in range(12):
            await client.post(f"/v1/webhook?writeKey={KEY}", content=b"%d" % number)

    with capture_logs() as logs:
        run(tmp_path, scenario)

    refused = [line["reason"] for line in logs if line["event"] == "call refused"]
    assert refused == [f"the call {number} is forged" for number in range(8 + 1)]


def test_a_refused_call_in_an_old_store_cannot_be_replayed(tmp_path: Path, verifier: Any) -> None:
    """Nothing that was refused ever becomes an event, even if the plugin has changed its mind since."""

    async def scenario(gateway: WebhookGateway, _: httpx.AsyncClient) -> tuple[Replayed, int]:
        refused = NewDeadLetter("Acme", "refused", "the signature is wrong", record=b"s=1", decodable=False)
        await gateway.store.append([], [refused], None)
        (letter,) = await letters(gateway.store)
        replayed = await Replayer(gateway.host, gateway.settings, gateway.store).replay(letter)
        return replayed, (await gateway.store.counts()).dead_letters

    replayed, kept = run(tmp_path, scenario)

    assert (replayed.gone, replayed.events) == (False, 0)
    assert replayed.summary == "cannot be replayed: it was refused as not authentic"
    assert kept == 1
    assert verifier.requests == []


def test_plugins_see_a_call_as_its_sender_signed_it(tmp_path: Path, verifier: Any) -> None:
    """Some vendors sign the URL, whose query holds the write key."""

    async def scenario(_: WebhookGateway, client: httpx.AsyncClient) -> httpx.Response:
        headers = {"X-Signature": "a signature", "Authorization": "a token"}
        return await client.post(
            f"/v1/webhook?a=1%20&b&writeKey={KEY}", content=b"s=1", headers={**FORM, **headers}
        )

    assert run(tmp_path, scenario).text == "ok"

    (request,) = verifier.requests
    assert (request.method, request.url) == ("POST", f"/v1/webhook?a=1%20&b&writeKey={KEY}")
    assert request.query == {"a": ["1 "], "b": [""], "writeKey": [KEY]}
    assert request.headers["x-signature"] == ["a signature"]
    assert request.headers["authorization"] == ["a token"]


def test_a_replay_reads_of_the_call_what_its_mapping_read_at_first(tmp_path: Path) -> None:
    """What a mapping or an id names is kept with a dead letter, and nothing else that may be a secret."""
    rule = {"type": "track", "event": "E", "map": [{"from": "$request.query.shop", "to": "properties.shop"}]}
    source = {"name": "acme", "id": ["$request.headers.x-order-key"]}
    files: dict[str, Any] = {"source": source, "mapping": {"integration": "Acme", "events": [rule]}}
    picky = source_folder(tmp_path / "picky", **files, schema={"type": "object", "required": ["a"]})
    mended = Host(folders=[source_folder(tmp_path / "mended", **files)])

    async def scenario(gateway: WebhookGateway, client: httpx.AsyncClient) -> tuple[DeadLetter, Object]:
        headers = {"X-Order-Key": "7", "X-Token": "a secret"}
        url = f"/v1/webhook?shop=s&token=a+secret&writeKey={KEY}"
        await client.post(url, content=b"{}", headers=headers)
        (letter,) = await letters(gateway.store)
        assert (await Replayer(mended, gateway.settings, gateway.store).replay(letter)).gone
        with closing(sqlite3.connect(gateway.settings.gateway.data / "store.sqlite")) as store:
            ((event,),) = store.execute("SELECT event FROM body").fetchall()
        return letter, parse(event)

    letter, event = run(tmp_path, scenario, picky)

    assert letter.call is not None
    assert (letter.call.url, letter.call.query) == ("/v1/webhook?shop=s", {"shop": ["s"]})
    assert letter.call.headers["x-order-key"] == ["7"]
    assert "x-token" not in letter.call.headers
    request = Request(b"{}", {"X-Order-Key": "7"}, {"shop": "s"})
    (expected,) = mended.receive("acme", request, scope="Acme").events
    assert (event["properties"], event["messageId"]) == ({"shop": "s"}, expected["messageId"])


@pytest.mark.parametrize("size", [10, 100_000], ids=["small", "large"])
def test_a_call_is_verified_whatever_its_size(tmp_path: Path, verifier: Any, size: int) -> None:
    """A large one in a thread of its own."""
    body = json.dumps({"a": "x" * size}).encode()

    async def scenario(_: WebhookGateway, client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(f"/v1/webhook?writeKey={KEY}", content=body, headers={"Content-Type": ""})

    answer = run(tmp_path, scenario)

    assert (answer.status_code, answer.text) == (401, "request refused as not authentic\n")
    assert [request.body for request in verifier.requests] == [body]
