from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from springhead import Host, Outcome, Request
from springhead.core.host import Receiver
from springhead.transformer import TransformerOptions, transformer_app
from springhead.transformer.elements import ElementDecoder
from support.arrays import LOG, post
from support.distributions import Install
from support.folders import source_folder
from support.hosts import HOST, folder_host
from support.servers import serving


class Broken(Host):
    """A host at which one record raises, and another becomes what no JSON holds."""

    def receiver(self, source: str, config: dict[str, Any] | None = None, **more: Any) -> Receiver:
        """Raise, or give nonsense, where the body says so."""
        receive = super().receiver(source, config, **more)

        def received(request: Request) -> Outcome:
            if b"raise" in request.body:
                raise RuntimeError("a secret of the sender's")
            outcome = receive(request)
            if b"nonsense" in request.body:
                outcome.events[0]["properties"]["self"] = outcome.events[0]
            return outcome

        return received


def test_an_element_at_which_the_host_fails_is_a_500_of_its_own() -> None:
    """Its neighbours are answered, and the exception's message stays inside; mounted in somebody's app, too."""
    bodies = [json.dumps({"type": "s", "x": text}) for text in ("good", "raise", "good", "nonsense", "good")]
    app = Starlette(routes=[Mount("/transformer", transformer_app(Broken(), TransformerOptions(gzip_from=1)))])

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            elements = [{"request": {"body": body}} for body in bodies]
            return await client.post("/transformer/v2/sources/auth0", json=elements)

    response = asyncio.run(scenario())

    good, raised, also_good, nonsense, still_good = response.json()
    assert (raised["statusCode"], raised["error"]) == (500, "internal error: RuntimeError")
    assert (nonsense["statusCode"], nonsense["error"]) == (500, "internal error: the answer is not JSON")
    assert good["output"]["batch"][0]["type"] == also_good["output"]["batch"][0]["type"] == "track"
    assert still_good["output"]["batch"]
    assert response.headers["content-encoding"] == "gzip"


class Slow(Host):
    """A host that takes its time for every body, and notes how many turns others had before and after."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = 0
        self.seen: list[tuple[int, int]] = []

    def receiver(self, source: str, config: dict[str, Any] | None = None, **more: Any) -> Receiver:
        """As a host's, but slow."""
        receive = super().receiver(source, config, **more)

        def received(request: Request) -> Outcome:
            before = self.turns
            time.sleep(0.05)
            self.seen.append((before, self.turns))
            return receive(request)

        return received


def transformed(host: Slow, body: str) -> list[Any]:
    """What four elements with this body are answered, while others take all the turns they get."""
    app = transformer_app(host)
    array = [{"request": {"body": body}}] * 4

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app", timeout=60) as client:
            response = asyncio.create_task(client.post("/v2/sources/auth0", json=array))
            while not response.done():
                await asyncio.sleep(0)
                host.turns += 1
            return await response

    answers: list[Any] = asyncio.run(scenario()).json()
    return answers


def posted(array: bytes) -> httpx.Response:
    """The response of an app of its own to an array."""

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(transformer_app(HOST))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.post("/v2/sources/auth0", content=array)

    return asyncio.run(scenario())


def message_ids(host: Host, source: str, array: list[Any]) -> list[str]:
    """Post an array to an app of this host; returns the messageId of each element's first event."""

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(transformer_app(host, TransformerOptions()))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.post(f"/v2/sources/{source}", json=array)

    answers = asyncio.run(scenario()).json()
    return [answer["output"]["batch"][0]["messageId"] for answer in answers]


def test_an_id_may_stand_in_a_header(tmp_path: Path) -> None:
    """Requests whose bodies are alike to the last byte are two messages, and a retry is one."""
    host = folder_host(source_folder(tmp_path, source={"id": ["$request.headers.x-id"]}))
    array = [{"request": {"body": "{}", "headers": {"X-Id": [number]}}} for number in ("1", "2", "1")]

    one, two, retry = message_ids(host, "acme", array)

    assert one == retry != two


VERIFIER = """
from springhead import hookimpl

@hookimpl
def springhead_verify(request, config):
    if "key" not in config:
        raise ValueError(request.body)
    return None if request.headers.get("X-Key") == [config["key"]] else "the key is wrong"
"""


def test_a_request_is_verified_with_the_settings_of_its_element(
    tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused one is a 401 and is kept nowhere; one that could not be verified is a 500."""
    install("invented-verifier", VERIFIER, entry="verifier")
    rejected = tmp_path / "rejected.jsonl"
    app = transformer_app(Host(), TransformerOptions(rejected=rejected))
    body = json.dumps({"type": "s", "log_id": "a secret"})
    array = [
        {"request": {"body": body, "headers": {"X-Key": [key]}}, "source": {"Config": config}}
        for key, config in (("1", {"key": "1"}), ("2", {"key": "1"}), ("3", {"key": "1"}), ("4", {}))
    ]

    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.post("/v2/sources/auth0", json=array), await client.get("/metrics")

    answers, metrics = asyncio.run(scenario())

    accepted, refused, _, failed = answers.json()
    assert len(accepted["output"]["batch"]) == 1
    assert (refused["statusCode"], refused["error"]) == (401, "request refused as not authentic")
    assert (failed["statusCode"], failed["error"]) == (
        500,
        "internal error: the request could not be verified",
    )
    assert 'springhead_refused_total{source="auth0"} 2.0' in metrics.text
    assert rejected.read_text() == ""
    logged = capsys.readouterr().out
    assert logged.count("the key is wrong") == 1
    assert logged.count("plugin invented-verifier:verifier could not verify the request: it raised Value") == 1
    assert "a secret" not in logged


def test_sources_of_one_kind_share_no_id() -> None:
    """The element's `source.ID` is the scope, also where it is no text and where other settings differ."""
    sources = [{"ID": "one"}, {"ID": "two"}, {"ID": "one", "Config": None}, {"ID": 7}, None]
    array = [{"request": {"body": LOG}, **({"source": source} if source else {})} for source in sources]

    one, two, again, *unscoped = message_ids(HOST, "auth0", array)

    assert one == again
    assert unscoped[0] == unscoped[1]
    assert len({one, two, unscoped[0]}) == 3


def test_others_get_a_turn_between_elements() -> None:
    """An array that takes long does not hold them up until it ends."""
    host = Slow()

    answers = transformed(host, LOG)

    turns = [before for before, _ in host.seen]
    assert [len(answer["output"]["batch"]) for answer in answers] == [1] * 4
    assert turns == sorted(set(turns))


@pytest.mark.parametrize(
    ("body", "events"),
    [({"type": "s", "x": "x" * 100_000}, 1), ([{"type": "s"}] * 1_000, 1_000)],
    ids=["large", "many records"],
)
def test_others_get_turns_within_an_element_that_takes_long(body: Any, events: int) -> None:
    """It is worked on in a thread, because it is large or holds many records."""
    host = Slow()

    answers = transformed(host, json.dumps(body))

    assert [len(answer["output"]["batch"]) for answer in answers] == [events] * 4
    assert all(after > before for before, after in host.seen)


@pytest.mark.parametrize(
    ("array", "in_loop"),
    [
        (b'[{"request": {"body": "{}"}}]', [True]),
        (b'[{"request": {"body": "{}"}}, 7]', [True, True]),
        (b'[{"request": {"body": "%b"}}]' % (b" " * 300_000), [False]),
        (b'[{"request": {"body": "%b"}}]' % (b"\\ud800" * 20_000), [True, False]),
        (b"[" + b"{}," * 1_000 + b"7]", [True, False]),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_an_array_that_takes_long_is_decoded_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, array: bytes, in_loop: list[bool]
) -> None:
    """First strictly, and if that does not work element by element, which takes many times as long."""
    noted: list[bool] = []
    for name in ("decode", "decode_leniently"):
        decode = getattr(ElementDecoder, name)

        def note(*arguments: Any, decode: Any = decode, **named: Any) -> Any:
            noted.append(threading.current_thread() is threading.main_thread())
            return decode(*arguments, **named)

        monkeypatch.setattr(ElementDecoder, name, note)

    assert posted(array).status_code == 200
    assert noted == in_loop


@pytest.mark.slow
def test_arrays_wait_for_memory_and_are_then_refused() -> None:
    """With 503 and Retry-After: rudder-server posts them again."""
    array = json.dumps([{"request": {"body": LOG}}] * 2_000).encode()
    app = transformer_app(HOST, TransformerOptions(memory=8 * len(array)))

    async def scenario() -> tuple[httpx.Response, httpx.Response]:
        has_memory, go_on = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield array[:100_000]
            has_memory.set()  # the rest is asked for once there is memory for all of it
            await go_on.wait()
            yield array[100_000:]

        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app", timeout=60) as client:
            first = asyncio.create_task(client.post("/v2/sources/auth0", content=slowly()))
            await has_memory.wait()
            second = await client.post("/v2/sources/auth0", content=array)
            go_on.set()
            return await first, second

    first, second = asyncio.run(scenario())

    assert (first.status_code, len(first.json())) == (200, 2_000)
    assert (second.status_code, second.headers["retry-after"]) == (503, "5")
    assert second.json() == {
        "error": "Service Unavailable",
        "message": "too many bodies are in memory: try again",
    }


def test_rejected_records_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    """A full disk costs no event."""
    with serving(tmp_path, "transformer", "--rejected", "/dev/full") as server:
        answer = post(server, json.dumps([{"request": {"body": f"[{LOG}, 7]"}}]).encode())

        assert len(answer.json()[0]["output"]["batch"]) == 1
        assert "rejected records not kept" in server.log.read_text()
