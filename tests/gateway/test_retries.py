"""A sender that retries what is rejected, and retention, from the call to the metrics."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from springhead import Host, Outcome, Request
from springhead.core.host import Receiver
from springhead.gateway import app
from springhead.gateway.replay import Replayer
from springhead.gateway.settings import load_settings
from springhead.gateway.storage.records import DeadLetter
from support.folders import source_folder
from support.gateways import KEY, toml
from support.hosts import folder_host
from support.stores import letters

NO_ID = {"api": 1, "name": "acme"}
ABOUT = {"api": 1, "name": "acme", "id": ["$request.headers.x-delivery-id"]}
MAPPING = {
    "integration": "Acme",
    "events": [
        {
            "type": "track",
            "event": {"from": "name"},
            "map": [{"from": "$request.query.tenant", "to": "properties.tenant"}],
        }
    ],
}

Post = Callable[..., Coroutine[Any, Any, httpx.Response]]


def run(folder: Path, scenario: Callable[[app.Gateway, Post], Coroutine[Any, Any, Any]], **store: int) -> Any:
    """Run a scenario with a gateway of one source, whose id is a header, and a way to post to it."""
    config = folder / "springhead.toml"
    section: dict[str, dict[str, Any]] = {"store": store, "delivery": {"to": "http://127.0.0.1:9"}}
    config.write_text(toml(section, {"name": "Acme", "type": "acme", "write_key": [KEY]}))

    async def running() -> Any:
        gateway = app.Gateway(
            folder_host(source_folder(folder, source=ABOUT, mapping=MAPPING)), load_settings(config)
        )
        transport = httpx.ASGITransport(gateway.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

        async def post(body: Any, delivery: str = "1", tenant: str = "a", **headers: str) -> httpx.Response:
            params = {"writeKey": KEY, "tenant": tenant}
            return await client.post(
                "/v1/webhook", params=params, json=body, headers={"x-delivery-id": delivery, **headers}
            )

        async with gateway.app.lifespan_context(gateway.app), client:
            return await scenario(gateway, post)

    return asyncio.run(running())


def test_a_bad_record_that_is_sent_five_times_is_one_letter(tmp_path: Path) -> None:
    """Unless its id, or what the mapping reads, says that it is another delivery."""

    async def scenario(gateway: app.Gateway, post: Post) -> list[DeadLetter]:
        for attempt in range(5):
            await post({"a": 1}, **{"x-attempt": str(attempt), "user-agent": f"sender/{attempt}"})
        await post({"a": 1}, delivery="2")
        await post({"a": 1}, tenant="b")
        return await letters(gateway.store)

    found = run(tmp_path, scenario)

    assert [letter.count for letter in found] == [5, 1, 1]
    assert {letter.record for letter in found} == {b'{"a":1}'}


def test_many_calls_of_empty_records_are_one_letter(tmp_path: Path) -> None:
    """Thousands of `{}` in a call, and call after call, take the room of one, and cost nobody's letters."""

    async def scenario(gateway: app.Gateway, post: Post) -> list[DeadLetter]:
        await post({"a": 1}, delivery="first")
        for _ in range(3):
            await post([{}] * 10_000)
        await gateway.store.sweep()
        return await letters(gateway.store)

    found = run(tmp_path, scenario, keep_bytes=100_000)

    assert [(letter.record, letter.count) for letter in found] == [(b'{"a":1}', 1), (b"{}", 30_000)]


def test_a_replay_sees_the_request_that_tells_letters_apart(tmp_path: Path) -> None:
    """Each letter becomes the event of its own delivery, once, however often it was sent."""

    async def scenario(gateway: app.Gateway, post: Post) -> list[str]:
        for delivery in ("1", "1", "2"):
            await post({"a": 1}, delivery=delivery)
        mapping = {**MAPPING, "events": [{"type": "track", "event": "Mended"}]}
        mended = folder_host(source_folder(tmp_path / "mended", source=ABOUT, mapping=mapping))
        replayer = Replayer(mended, gateway.settings, gateway.store)
        summaries = [(await replayer.replay(letter)).summary for letter in await letters(gateway.store)]
        assert await letters(gateway.store) == []
        assert (await gateway.store.counts()).undelivered == 2
        return summaries

    assert run(tmp_path, scenario) == ["1 event (track)", "1 event (track)"]


def test_a_letter_that_is_replayed_twice_at_once_is_replayed_once(tmp_path: Path) -> None:
    """The event loop is free meanwhile, and what came after the letter was read is left for another replay."""
    threads: set[threading.Thread] = set()

    class Observed(Host):
        def receiver(self, *arguments: Any, **more: Any) -> Receiver:
            receive = super().receiver(*arguments, **more)

            def received(request: Request) -> Outcome:
                threads.add(threading.current_thread())
                return receive(request)

            return received

    async def scenario(gateway: app.Gateway, post: Post) -> list[str]:
        mapping = {**MAPPING, "events": [{"type": "track", "event": "Mended"}]}
        mended = Observed(folders=[source_folder(tmp_path / "mended", source=NO_ID, mapping=mapping)])
        replayer = Replayer(mended, gateway.settings, gateway.store)
        await post([{}] * 5)
        (early,) = await letters(gateway.store)
        await post([{}] * 3)
        (late,) = await letters(gateway.store)
        summaries = [(await replayer.replay(letter)).summary for letter in (early, late)]
        assert [letter.count for letter in await letters(gateway.store)] == [3]
        assert (await gateway.store.counts()).undelivered == 5
        return summaries

    assert run(tmp_path, scenario) == ["5 events (track)", "another replay was faster, or it was dropped"]
    assert threading.main_thread() not in threads


def test_what_retention_deletes_is_counted_and_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By source and reason, with what an operator can do."""
    monkeypatch.setattr(app, "SWEEP_SECONDS", 0.01)

    async def scenario(gateway: app.Gateway, post: Post) -> str:
        await post([{"a": 1}, {"a": 2}])
        text = ""
        while "removed_total{" not in text:
            await asyncio.sleep(0.01)
            text = (await gateway.metrics_text()).decode()
        return text

    with capture_logs() as logged:
        text = run(tmp_path, scenario, keep_bytes=1)

    metric = 'springhead_gateway_removed_total{kind="dead_letter",reason="size",source="Acme"} 2.0'
    assert metric in text
    (line,) = [entry for entry in logged if entry["event"] == "dead letters deleted"]
    assert (line["source"], line["count"], line["log_level"]) == ("Acme", 2, "warning")
    assert "raise keep_bytes" in line["advice"]
