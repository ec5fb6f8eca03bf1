"""What becomes of a call: verified as posted, mapped, stored, and only then answered."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from springhead import Host
from springhead.gateway.app import Gateway as WebhookGateway
from springhead.gateway.replay import Replayed, Replayer
from springhead.gateway.settings import load_settings
from springhead.gateway.storage.records import DeadLetter
from support.folders import source_folder
from support.gateways import KEY, toml
from support.stores import letters

VERIFIER = """
from springhead import hookimpl

calls = []
prefix = b"s=1"

@hookimpl
def springhead_verify(source, request):
    calls.append((request.body, request.headers["content-type"]))
    return None if request.body.startswith(prefix) else "the signature is wrong"
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAIRS = {
    "integration": "Acme",
    "events": [{"type": "track", "event": "E", "map": [{"from": "$", "to": "properties"}]}],
}

Scenario = Callable[[WebhookGateway, httpx.AsyncClient], Coroutine[Any, Any, Any]]


@pytest.fixture
def verifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An installed plugin that verifies calls, and remembers what it was given."""
    info = tmp_path / "site" / "invented_verifier-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invented-verifier\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[springhead]\nverifier = invented_verifier\n")
    (info.parent / "invented_verifier.py").write_text(VERIFIER)
    monkeypatch.delenv("SPRINGHEAD_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(info.parent))
    yield __import__("invented_verifier")
    del sys.modules["invented_verifier"]


def run(folder: Path, scenario: Scenario) -> Any:
    """Run a scenario with a gateway that has one source, Acme, and a client of it."""
    config = folder / "springhead.toml"
    config.write_text(toml({}, {"name": "Acme", "type": "acme", "write_key": [KEY]}))

    async def running() -> Any:
        host = Host(folders=[source_folder(folder, mapping=PAIRS)])
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
        return answer.text, recent.masked_events(gateway.host)

    text, (event,) = run(tmp_path, scenario)

    assert text == "ok"
    assert verifier.calls == [(b"s=1&a=2", [FORM["Content-Type"]])]
    assert event["properties"] == {"s": ["1"], "a": ["2"]}


def test_a_refused_call_is_not_decoded(tmp_path: Path, verifier: Any) -> None:
    """It is kept as posted, so that it can be verified again, even where it is no form at all."""

    async def scenario(
        gateway: WebhookGateway, client: httpx.AsyncClient
    ) -> tuple[httpx.Response, list[DeadLetter]]:
        answer = await client.post(f"/v1/webhook?writeKey={KEY}", content=b"a=%zz", headers=FORM)
        return answer, await letters(gateway.store)

    answer, (letter,) = run(tmp_path, scenario)

    assert (answer.status_code, answer.text) == (400, "the signature is wrong\n")
    assert (letter.rule, letter.record, letter.decodable) == ("refused", b"a=%zz", False)
    assert letter.call is not None
    assert (letter.call.body, letter.call.headers["content-type"]) == (b"a=%zz", [FORM["Content-Type"]])
    assert len(verifier.calls) == 1


def test_a_refused_form_is_replayed_as_posted(tmp_path: Path, verifier: Any) -> None:
    """It is verified once more and, once it passes, turned into JSON as it would have been."""

    async def scenario(gateway: WebhookGateway, client: httpx.AsyncClient) -> list[Replayed]:
        await client.post(f"/v1/webhook?writeKey={KEY}", content=b"a=1", headers=FORM)
        (letter,) = await letters(gateway.store)
        replayer = Replayer(gateway.host, gateway.settings, gateway.store)
        refused = await replayer.replay(letter)
        verifier.prefix = b"a=1"
        return [refused, await replayer.replay(letter)]

    refused, accepted = run(tmp_path, scenario)

    assert (refused.gone, refused.summary) == (False, "still refused: the signature is wrong")
    assert (accepted.gone, accepted.summary) == (True, "1 event (track)")
    assert verifier.calls == [(b"a=1", [FORM["Content-Type"]])] * 3


@pytest.mark.parametrize("size", [10, 100_000], ids=["small", "large"])
def test_a_call_is_verified_whatever_its_size(tmp_path: Path, verifier: Any, size: int) -> None:
    """A large one in a thread of its own."""
    body = json.dumps({"a": "x" * size}).encode()

    async def scenario(_: WebhookGateway, client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(f"/v1/webhook?writeKey={KEY}", content=body, headers={"Content-Type": ""})

    answer = run(tmp_path, scenario)

    assert (answer.status_code, answer.text) == (400, "the signature is wrong\n")
    assert verifier.calls == [(body, [""])]
