"""`springhead gateway move`: from the store of the settings to another one."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import pytest

from springhead.gateway.open_store import open_store, with_store_at
from springhead.gateway.settings import load_settings
from springhead.gateway.storage.store import Store
from support.commands import Completed, GatewayFolder, dead_letter, running
from support.effort import scaled
from support.gateways import SOURCE, write_settings
from support.gateways import gateway as running_gateway
from support.nats_nodes import cluster
from support.stores import deliver, entry, keep, letters, use

EVENTS = 20_000
STORE = {"replicas": 1, "max_bytes": 100_000_000}
"""The servers reserve so many bytes of the disk."""


@dataclass(frozen=True)
class MovedFolder(GatewayFolder):
    """The folder of a gateway that has outgrown SQLite, with the URL of a node."""

    url: str

    def move(self, to: str = "") -> Completed:
        """Move its store to this node, or elsewhere."""
        return self.run("gateway", "move", "--to", to or self.url)

    def fill(self, count: int) -> None:
        """Put events of seven users into its store."""

        async def scenario(store: Store) -> None:
            for start in range(0, count, 1_000):
                numbers = range(start, start + 1_000)
                await keep(store, *(entry(f"{number}", f"user-{number % 7}") for number in numbers))

        use(self.data, scenario)

    def delivered(self) -> tuple[list[int], int]:
        """What the node's store delivers, and how many letters it has."""

        async def scenario() -> tuple[list[int], int]:
            store = open_store(with_store_at(load_settings(self.settings), self.url))
            await store.open()
            try:
                return list(map(int, await deliver(store))), len(await letters(store))
            finally:
                await store.close()

        return asyncio.run(scenario())


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[MovedFolder]:
    """A gateway that does not run, and a node of NATS."""
    write_settings(tmp_path, {**SOURCE, "name": "auth0"}, store=STORE)
    with cluster(tmp_path / "nats", count=1) as (node,):
        yield MovedFolder(tmp_path, node.url)


def test_a_store_is_moved_to_a_cluster_and_back(gateway: MovedFolder) -> None:
    """With the other keys of `[store]` as the settings have them."""
    gateway.fill(1_000)
    gateway.add(dead_letter(), dead_letter(rule="schema/required"))

    there = gateway.move()
    write_settings(gateway.path, {**SOURCE, "name": "auth0"}, store={**STORE, "url": gateway.url})
    back = gateway.move(str(gateway.path / "other"))

    assert (there.returncode, back.returncode) == (0, 0)
    assert there.stdout == f"1000 events and 2 dead letters moved to {gateway.url}\n"
    assert back.stdout == f"1000 events and 2 dead letters moved to {gateway.path}/other\n"
    assert (gateway.path / "other" / "store.sqlite").exists()


def test_an_empty_variable_stands_for_sqlite(gateway: MovedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that is set up for the cluster moves a file there."""
    gateway.fill(1_000)
    write_settings(gateway.path, {**SOURCE, "name": "auth0"}, store={**STORE, "url": gateway.url})
    monkeypatch.setenv("SPRINGHEAD_STORE__URL", "")

    assert gateway.move().stdout == f"1000 events and 0 dead letters moved to {gateway.url}\n"


@pytest.mark.slow
def test_a_move_that_is_killed_again_and_again_loses_nothing(gateway: MovedFolder) -> None:
    """Everything is in the cluster once, each user's in order, with all dead letters."""
    gateway.fill(EVENTS)
    gateway.add(*(dead_letter(rule=f"schema/{number}") for number in range(200)))

    for _ in range(scaled(5)):
        with running(gateway.path, "gateway", "move", "--to", gateway.url) as move:
            sleep(random.uniform(0.3, 1.5))  # noqa: S311 - any moment will do
            move.kill()
    done = gateway.move()

    delivered, dead = gateway.delivered()
    assert done.returncode == 0, done.stderr
    assert sorted(delivered) == list(range(EVENTS))
    assert all(delivered_of(delivered, user) == list(range(user, EVENTS, 7)) for user in range(7))
    assert dead == 200


def delivered_of(delivered: list[int], user: int) -> list[int]:
    """The events of a user, in the order in which they were delivered."""
    return [number for number in delivered if number % 7 == user]


def test_a_full_target_says_that_the_move_goes_on_later(gateway: MovedFolder) -> None:
    """Exit code 1, and what was moved is told to be safe."""
    gateway.fill(20_000)
    write_settings(gateway.path, {**SOURCE, "name": "auth0"}, store={**STORE, "max_bytes": 300_000})

    done = gateway.move()

    assert done.returncode == 1
    assert "what was moved so far is safe: run the same command again" in done.stderr
    assert 0 < len(gateway.delivered()[0]) < 20_000


def test_a_store_that_a_gateway_delivers_from_is_not_moved(tmp_path: Path) -> None:
    """Its process is to be stopped first."""
    with running_gateway(tmp_path) as server:
        server.sent()
        done = GatewayFolder(tmp_path).run("gateway", "move", "--to", str(tmp_path / "other"))

    assert done.returncode == 1
    assert re.search(r"another process delivers from .*store\.sqlite: stop it first", done.stderr)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("http://a:4222", 'must be as in "nats://a:4222,b:4222,c:4222", or a folder'),
        ("nats://ada:secret@a:4222", 'must be as in "nats://a:4222,b:4222,c:4222", or a folder'),
        ("springhead-data", "nothing was moved"),
        ("link", "nothing was moved"),
    ],
)
def test_a_target_that_is_not_one_is_a_usage_error(tmp_path: Path, to: str, reason: str) -> None:
    """Nothing is moved."""
    write_settings(tmp_path, SOURCE)
    folder = GatewayFolder(tmp_path)
    folder.add(dead_letter())
    (tmp_path / "link").symlink_to(folder.data)

    done = folder.run("gateway", "move", "--to", to)

    assert (done.returncode, reason in done.stderr, "secret" in done.stderr) == (2, True, False)
    assert len(folder.letters()) == 1


def test_a_store_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    """There is nothing to move."""
    write_settings(tmp_path, SOURCE)

    done = GatewayFolder(tmp_path).run("gateway", "move", "--to", "elsewhere")

    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == [tmp_path / "springhead.toml"]
