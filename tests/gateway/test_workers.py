"""Several worker processes serve one gateway, which keeps its events in a NATS cluster."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.dataplanes import data_plane
from support.deliveries import sample
from support.gateways import SOURCE, Gateway, gateway, write_settings
from support.nats_nodes import Node, cluster
from support.senders import PRODUCTION, QUICK, STAGING, Senders, assert_complete, log
from support.senders import until as until_true
from support.servers import LOCAL, until

pytestmark = pytest.mark.slow


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """One NATS server: nothing here is about the failures of nodes."""
    with cluster(tmp_path / "nats", count=1) as (started,):
        yield started


def store(node: Node) -> dict[str, Any]:
    """The settings of a store there."""
    return {"url": node.url, "replicas": 1}


def metric(server: Gateway, name: str, **labels: str) -> float:
    """The value of a metric, from whichever worker answers."""
    text = httpx.get(f"{server.admin_url}/metrics", **LOCAL).text
    return sample(text, f"springhead_gateway_{name}", labels)


def test_a_worker_that_is_killed_loses_nothing(node: Node, tmp_path: Path) -> None:
    """It is replaced; all that was answered `ok` is delivered, each user's logs in order."""

    async def scenario() -> None:
        async with data_plane() as plane:
            delivery = {"to": plane.url, **QUICK}
            workers = {"workers": 3}
            with gateway(
                tmp_path, PRODUCTION, STAGING, gateway=workers, store=store(node), delivery=delivery
            ) as server:
                senders = Senders(server.url)
                sending = asyncio.create_task(senders.run(3))
                for _ in range(3):
                    before = set(server.workers())
                    await until_true(lambda: len(senders.acknowledged) > 100)
                    os.kill(min(before), signal.SIGKILL)
                    await until_true(lambda: len(set(server.workers()) - before) == 1)  # noqa: B023
                senders.stopping = True
                await sending
                await until_true(lambda: len(set(plane.taken)) >= len(set(senders.acknowledged)))
            assert_complete(plane, senders.acknowledged)

    asyncio.run(scenario())


def test_any_worker_answers_for_all(node: Node, tmp_path: Path) -> None:
    """Each accepts; the counts of all are added up, those of one that died included."""
    with gateway(tmp_path, SOURCE, gateway={"workers": 2}, store=store(node)) as server:
        until(lambda: httpx.get(f"{server.admin_url}/ready", **LOCAL).is_success)
        for number, worker in enumerate(server.workers()):
            os.kill(worker, signal.SIGSTOP)  # the other one answers
            assert server.post(log(f"{number}", "auth0|1")).text == "ok"
            os.kill(worker, signal.SIGCONT)
        assert metric(server, "stored_total", source="Auth0") == 2
        assert metric(server, "worker_starts_total") == 2
        until(lambda: metric(server, "cluster_buckets") == 16)

        os.kill(server.workers()[0], signal.SIGKILL)
        until(lambda: metric(server, "worker_starts_total") == 3)
        assert metric(server, "stored_total", source="Auth0") == 2
        until(lambda: metric(server, "cluster_buckets") == 16)  # those of the one that died are not added
        delivered = server.delivered(2)  # again, if the one that died had not recorded it
        assert len({event["messageId"] for event in delivered}) == 2


def test_all_workers_reload_their_sources(node: Node, tmp_path: Path) -> None:
    """On one SIGHUP to the process that was started."""
    sections: dict[str, Any] = {"gateway": {"workers": 2}, "store": store(node)}
    with gateway(tmp_path, SOURCE, **sections) as server:
        until(lambda: server.get("/ready").is_success)
        sections["gateway"] |= {"port": server.port, "admin": server.admin_url.removeprefix("http://")}
        write_settings(tmp_path, {**SOURCE, "enabled": False}, **sections)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.log.read_text().count("the sources are reloaded") == 2)

        answers = {server.post(log(f"{number}", "auth0|1")).text for number in range(10)}

    assert answers == {"source is disabled\n"}
