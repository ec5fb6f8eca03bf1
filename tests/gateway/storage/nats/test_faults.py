"""What several gateways on one cluster promise while gateways and nodes fail."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.dataplanes import FakeDataPlane, data_plane
from support.effort import scaled
from support.nats_nodes import Node, cluster
from support.senders import Senders, arrived, gateway_to, log_ids, until
from support.servers import Server, free_port

pytestmark = pytest.mark.slow

FAULTS = scaled(5)
"""How often a gateway or a node fails."""


class Gateways:
    """Three gateways on one cluster, each of which can be killed and started again."""

    def __init__(self, folder: Path, to: str, nodes: list[Node]) -> None:
        self.ports = [free_port() for _ in range(3)]
        self._folder = folder
        self._to = to
        self._store: dict[str, Any] = {"url": "nats://" + ",".join(node.url[7:] for node in nodes)}
        self._running: dict[int, tuple[ExitStack, Server]] = {}

    def start(self, number: int) -> None:
        """Start one of them."""
        folder = self._folder / f"gateway-{number}"
        folder.mkdir(exist_ok=True)
        stack = ExitStack()
        server = stack.enter_context(gateway_to(self._to, folder, self.ports[number], self._store))
        self._running[number] = stack, server

    def kill(self, number: int) -> None:
        """Kill one of them."""
        stack, server = self._running.pop(number)
        server.kill()
        stack.close()

    def close(self) -> None:
        """Stop all of them."""
        for stack, _ in self._running.values():
            stack.close()


def assert_kept_and_in_order(plane: FakeDataPlane, senders: list[Senders]) -> None:
    """Each acknowledged log was taken, and each user's came in order; one told by its messageId comes once."""
    log_of, messages = log_ids(plane), arrived(plane)
    acknowledged = {log_id for sender in senders for log_id in sender.acknowledged}
    assert acknowledged - {log_of[message_id] for message_id in messages} == set()
    by_user: dict[str, list[str]] = {}
    for message_id, user in messages.items():
        by_user.setdefault(user, []).append(log_of[message_id])
    assert [logs for logs in by_user.values() if logs != sorted(logs)] == []


def torment(gateways: Gateways, nodes: list[Node], chance: random.Random) -> None:
    """Kill a gateway, kill a node, or stop one for a while, again and again."""
    for number in range(FAULTS):
        time.sleep(chance.uniform(0.5, 2.0))
        node, gateway = chance.choice(nodes), chance.randrange(3)
        fault = ("gateway", "node", "pause")[number % 3]
        if fault == "gateway":
            gateways.kill(gateway)
            time.sleep(chance.uniform(0.0, 1.0))
            gateways.start(gateway)
        elif fault == "node":
            node.stop(signal.SIGKILL)
            time.sleep(chance.uniform(0.0, 3.0))
            node.start()
            node.wait()
        else:
            assert node.process is not None
            node.process.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(1.0, 9.0))
            node.process.send_signal(signal.SIGCONT)
            node.wait()


@pytest.mark.timeout(600)
def test_no_fault_loses_what_was_told_ok(tmp_path: Path) -> None:
    """Whatever fails: every acknowledged log is delivered, and each user's are in order."""
    chance = random.Random()  # noqa: S311 - any moment

    async def scenario(nodes: list[Node]) -> None:
        async with data_plane() as plane:
            gateways = Gateways(tmp_path, plane.url, nodes)
            try:
                for number in range(3):
                    await asyncio.to_thread(gateways.start, number)
                senders = [Senders(f"http://127.0.0.1:{port}") for port in gateways.ports]
                sending = [
                    asyncio.create_task(sender.run(2, first=10 * number))
                    for number, sender in enumerate(senders)
                ]
                await asyncio.to_thread(torment, gateways, nodes, chance)
                for sender in senders:
                    sender.stopping = True
                await asyncio.gather(*sending)
                acknowledged = sum(len(sender.acknowledged) for sender in senders)
                await until(lambda: len(set(plane.taken)) >= acknowledged)
                print(acknowledged, len(plane.taken), [dict(sender.statuses) for sender in senders])  # noqa: T201
            finally:
                await asyncio.to_thread(gateways.close)
            assert_kept_and_in_order(plane, senders)

    with cluster(tmp_path / "nats") as nodes:
        asyncio.run(scenario(nodes))
