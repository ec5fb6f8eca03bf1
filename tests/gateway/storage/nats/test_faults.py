"""What several gateways on one cluster promise while gateways and nodes fail."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.dataplanes import data_plane
from support.effort import scaled
from support.links import Link, divided
from support.nats_nodes import Node
from support.senders import Senders, assert_kept_and_in_order, gateway_to, until
from support.servers import Server, free_port

pytestmark = pytest.mark.slow

FAULTS = max(2, scaled(5) // 2)
"""How often something fails."""


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

    def stop(self, number: int) -> None:
        """Stop one of them as an operator does."""
        stack, _ = self._running.pop(number)
        stack.close()

    def signal(self, number: int, how: signal.Signals) -> None:
        """Signal one of them, and its worker."""
        os.killpg(self._running[number][1].process.pid, how)

    def close(self) -> None:
        """Stop all of them."""
        for number in list(self._running):
            self.stop(number)


@dataclass(frozen=True)
class Faults:
    """Three gateways and three nodes, and what may happen to them."""

    gateways: Gateways
    nodes: list[Node]
    link: Link
    chance: random.Random

    def kill_gateway(self) -> None:
        """A gateway dies, and is started again."""
        number = self.chance.randrange(3)
        self.gateways.kill(number)
        self._pass(0.0, 1.0)
        self.gateways.start(number)

    def restart_gateway(self) -> None:
        """A gateway is restarted, as for an update."""
        number = self.chance.randrange(3)
        self.gateways.stop(number)
        self.gateways.start(number)

    def pause_gateway(self) -> None:
        """A gateway hangs, and goes on when others may have taken its buckets over."""
        number = self.chance.randrange(3)
        self.gateways.signal(number, signal.SIGSTOP)
        self._pass(1.0, 9.0)
        self.gateways.signal(number, signal.SIGCONT)

    def kill_node(self) -> None:
        """A node dies, and is started again."""
        node = self.chance.choice(self.nodes)
        node.stop(signal.SIGKILL)
        self._pass(0.0, 3.0)
        self._start(node)

    def pause_node(self) -> None:
        """A node cannot be reached for a while; it may be the leader."""
        node = self.chance.choice(self.nodes)
        node.pause()
        self._pass(1.0, 9.0)
        node.resume()
        node.wait()

    def cut_node_off(self) -> None:
        """The others cannot reach a node, but clients can; it may be the leader."""
        self.link.cut()
        self._pass(1.0, 12.0)
        self.link.mend()
        self.nodes[-1].wait()

    def slow_node(self) -> None:
        """A node gets a tenth of the time it needs."""
        node = self.chance.choice(self.nodes)
        for _ in range(self.chance.randrange(10, 30)):
            node.pause()
            time.sleep(0.18)
            node.resume()
            time.sleep(0.02)
        node.wait()

    def restart_nodes(self) -> None:
        """All nodes are restarted, one after another, as for an update."""
        for node in self.chance.sample(self.nodes, 3):
            node.stop()
            self._start(node)

    def lose_quorum(self) -> None:
        """Two nodes die at once, or all three, as in a power cut."""
        nodes = self.chance.sample(self.nodes, self.chance.choice((2, 3)))
        for node in nodes:
            node.stop(signal.SIGKILL)
        self._pass(0.0, 4.0)
        self._start(*nodes)

    def _start(self, *nodes: Node) -> None:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait()

    def _pass(self, shortest: float, longest: float) -> None:
        time.sleep(self.chance.uniform(shortest, longest))


KINDS = (
    Faults.cut_node_off,
    Faults.kill_gateway,
    Faults.kill_node,
    Faults.pause_gateway,
    Faults.pause_node,
    Faults.restart_gateway,
    Faults.restart_nodes,
    Faults.slow_node,
    Faults.lose_quorum,
)


def torment(faults: Faults) -> None:
    """Let one thing after another fail: each kind as often as the others, in any order."""
    kinds: list[Callable[[Faults], None]] = []
    for _ in range(FAULTS):
        kinds = kinds or faults.chance.sample(KINDS, len(KINDS))
        fault = kinds.pop()
        print(fault.__name__)  # noqa: T201 - shown if the test fails
        time.sleep(faults.chance.uniform(0.5, 2.0))
        fault(faults)


@pytest.mark.timeout(120 + 30 * FAULTS)
def test_no_fault_loses_what_was_told_ok(tmp_path: Path) -> None:
    """Whatever fails: every acknowledged log is delivered, and each user's are in order."""
    chance = random.Random()  # noqa: S311 - any moment

    async def scenario() -> None:
        async with divided(tmp_path / "nats") as (nodes, link), data_plane() as plane:
            gateways = Gateways(tmp_path, plane.url, nodes)
            try:
                for number in range(3):
                    await asyncio.to_thread(gateways.start, number)
                senders = [Senders(f"http://127.0.0.1:{port}") for port in gateways.ports]
                sending = [
                    asyncio.create_task(sender.run(2, first=10 * number))
                    for number, sender in enumerate(senders)
                ]
                await asyncio.to_thread(torment, Faults(gateways, nodes, link, chance))
                for sender in senders:
                    sender.stopping = True
                await asyncio.gather(*sending)
                acknowledged = sum(len(sender.acknowledged) for sender in senders)
                await until(lambda: len(set(plane.taken)) >= acknowledged)
                print(acknowledged, len(plane.taken), [dict(sender.statuses) for sender in senders])  # noqa: T201
            finally:
                await asyncio.to_thread(gateways.close)
            assert_kept_and_in_order(plane, senders)

    asyncio.run(scenario())
