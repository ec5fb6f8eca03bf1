"""Gateways that share a store tell of all of them, whichever is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.commands import springhead
from support.dataplanes import Batch, Reply, data_plane_in_thread, knowing
from support.deliveries import sample
from support.gateways import SOURCE, Gateway, gateway
from support.nats_nodes import Node, cluster
from support.senders import log
from support.servers import LOCAL, until

pytestmark = pytest.mark.slow

KEY = "key-at-the-data-plane"
KNOWN = {**SOURCE, "destination_write_key": KEY}
OTHER = {**SOURCE, "name": "Other", "write_key": "key-of-another-tenant"}
QUICK = {"retry_min": 0.05, "retry_max": 0.5, "breaker_failures": 2, "breaker_pause": 0.2}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One NATS server: nothing here is about the failures of nodes."""
    with cluster(tmp_path_factory.mktemp("nats"), count=1) as (started,):
        yield started


@pytest.fixture(scope="module")
def pair(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Gateway]]:
    """Two gateways, each with half of the buckets; the second one delivers with a key that is refused."""
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as stack:
        plane = stack.enter_context(data_plane_in_thread(knowing("another key")))
        one = start(stack, folder / "one", node, f"file:{folder}/delivered.jsonl")
        two = start(stack, folder / "two", node, plane.url)
        until(lambda: all(shares(each) == [8, 8] for each in (one, two)))
        yield one, two


def start(stack: ExitStack, folder: Path, node: Node, to: str, name: str = "pair", **delivery: Any) -> Gateway:
    """Start a gateway; those whose store has the same name share it."""
    folder.mkdir()
    store, settings = {"url": node.url, "replicas": 1, "name": name}, {"to": to, **QUICK, **delivery}
    return stack.enter_context(gateway(folder, KNOWN, OTHER, store=store, delivery=settings))


def status(server: Gateway) -> Any:
    """What the admin address of a gateway says."""
    return httpx.get(f"{server.admin_url}/api/status", **LOCAL).json()


def shares(server: Gateway) -> list[int]:
    """How many buckets each gateway delivers, as one of them says."""
    return [each["buckets"] for each in status(server)["gateways"]]


def name(server: Gateway) -> str:
    """What the others call a gateway."""
    own: str = status(server)["gateway"]
    return own


def post(server: Gateway, count: int, first: int = 0) -> None:
    """Post logs of as many users, so that each bucket has some."""
    logs = [log(f"{number}", f"auth0|{number}") for number in range(first, first + count)]
    assert server.post(logs).text == "ok"


def test_each_gateway_tells_what_is_wrong_at_any(pair: tuple[Gateway, Gateway]) -> None:
    """The status, the metrics and the command line: which source is held, where, and who delivers how much."""
    one, two = pair
    post(one, 60)
    until(lambda: status(one)["sources"][0]["held"])

    told = status(one)
    names = name(one), name(two)
    metrics = httpx.get(f"{one.admin_url}/metrics", **LOCAL).text
    command = springhead(one.folder, "gateway", "status")
    scripts = json.loads(springhead(one.folder, "gateway", "status", "--json").stdout)

    assert told["sources"][0]["held"] == "status 401"
    assert {each["name"]: each["held"] for each in told["gateways"]} == {
        names[0]: {},
        names[1]: {"Auth0": "status 401"},
    }
    assert told["gateway"] == names[0]
    assert sample(metrics, "springhead_gateway_held", {"source": "Auth0"}) == 1
    assert f"2 gateways share the store: {names[0]} (8 buckets), {names[1]} (8 buckets)" in command.stdout
    assert (
        f"Auth0 is held at {names[1]}: the destination accepts none of its events (status 401)"
        in command.stdout
    )
    assert [each["name"] for each in scripts["gateways"]] == list(names)


def test_a_breaker_survives_its_gateway(node: Node, tmp_path: Path) -> None:
    """Who takes over waits for as long as the one that died would have, and then tries once."""

    def down(_: Batch) -> Reply:
        return 503, {}, "down"

    with ExitStack() as stack:
        plane = stack.enter_context(data_plane_in_thread(down))
        pause = {"breaker_pause": 60.0, "retry_max": 60.0}
        one, two = (
            start(stack, tmp_path / each, node, plane.url, "breakers", **pause) for each in ("one", "two")
        )
        until(lambda: shares(one) == [8, 8])
        post(one, 1)
        until(lambda: any(each["held"] for each in status(one)["gateways"]))
        until(lambda: any(each["held"] for each in status(two)["gateways"]))  # it has been told of
        dies, lives = (one, two) if status(one)["gateways"][0]["held"] else (two, one)
        tries = len(plane.came)
        dies.kill()
        until(lambda: shares(lives)[0] == 16)

        assert status(lives)["gateways"][0]["held"] == {}
        assert status(lives)["sources"][0]["held"] == "status 503"
        assert len(plane.came) == tries


def shown(stream: httpx.Response) -> Iterator[Any]:
    """The requests that a live stream shows."""
    name = ""
    for line in stream.iter_lines():
        field, _, value = line.partition(": ")
        name = value if field == "event" else name
        if (field, name) == ("data", "accepted"):
            yield json.loads(value)


def test_the_live_page_shows_what_any_gateway_accepts(pair: tuple[Gateway, Gateway]) -> None:
    """With each user masked alike, wherever the event came in."""
    one, two = pair
    with httpx.stream("GET", f"{one.admin_url}/api/events", **LOCAL, timeout=60) as stream:
        requests = (request for request in shown(stream) if not request.get("past"))
        time.sleep(3)  # the other one hears within two seconds that somebody watches

        assert two.post(log("live 1", "auth0|000000000000000000000ada1")).text == "ok"
        there = next(requests)
        assert one.post(log("live 2", "auth0|000000000000000000000ada1")).text == "ok"
        here = next(requests)

    assert [each["events"][0]["properties"]["log_id"] for each in (there, here)] == ["live 1", "live 2"]
    assert there["events"][0]["userId"] == here["events"][0]["userId"]
    assert there["events"][0]["userId"].startswith("…ada1#")


def test_events_a_second_are_those_of_all(pair: tuple[Gateway, Gateway]) -> None:
    """Whichever accepted them."""
    one, two = pair
    logs = [log(f"rate {number}", "auth0|1") for number in range(30)]
    assert two.post(logs, OTHER["write_key"]).text == "ok"

    until(lambda: sum(status(one)["sources"][1]["last_60s"]) == 30)
