"""What the store says of a cluster that it cannot use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore, store
from springhead.gateway.storage.nats.api import ApiError, ask
from springhead.gateway.storage.nats.connection import connect
from springhead.gateway.storage.records import StoreUnusable
from support.nats_nodes import Node, cluster, pretender
from support.senders import until
from support.servers import free_port

LOGIN = """authorization { users: [
  { user: ada, password: swordfish }
  { user: guest, password: swordfish, permissions: { publish: { deny: "$JS.API.STREAM.CREATE.>" } } }
] }"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One node that asks for a password."""
    with cluster(tmp_path_factory.mktemp("guarded"), 1, LOGIN) as (node,):
        yield node


def refusal(options: NatsOptions) -> str:
    """Why a store cannot be opened."""

    async def scenario() -> None:
        refused = NatsStore(options)
        try:
            await refused.open()
        finally:
            await refused.close()

    with pytest.raises(StoreUnusable) as error:
        asyncio.run(scenario())
    return str(error.value)


def test_a_cluster_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """With its address and what to check."""
    address = f"nats://127.0.0.1:{free_port()}"

    message = refusal(NatsOptions((address,), folder=tmp_path))

    assert message.startswith(f"springhead at {address} cannot be used: ")
    assert message.endswith("; check store.url, and that a server is running")


def test_a_wrong_password_is_told_and_not_shown(guarded: Node, tmp_path: Path) -> None:
    """With the keys that hold it."""
    message = refusal(NatsOptions((guarded.url,), user="ada", password="guessed", folder=tmp_path))  # noqa: S106

    assert "uthorization" in message
    assert message.endswith("; check store.user, store.password or store.credentials")
    assert "guessed" not in message


def test_what_a_user_is_not_permitted_is_told(
    guarded: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node says so, and leaves the request unanswered."""
    monkeypatch.setattr(store, "_ELECTION_SECONDS", 0.0)
    options = NatsOptions(
        (guarded.url,),
        name="guests",
        user="guest",
        password="swordfish",  # noqa: S106
        replicas=1,
        folder=tmp_path,
    )

    message = refusal(options)

    assert 'permissions violation for publish to "$js.api.stream.create.guests-events"' in message.lower()
    assert message.endswith("; the user must be permitted to use JetStream and the streams")


def test_messages_that_the_servers_do_not_take_are_told(guarded: Node, tmp_path: Path) -> None:
    """At the start, not with the first large body."""
    options = NatsOptions(
        (guarded.url,),
        user="ada",
        password="swordfish",  # noqa: S106
        max_message=8_500_000,
        folder=tmp_path,
    )

    message = refusal(options)

    assert message.endswith(
        ": the server n0 takes messages of 8388608 bytes, and the store may send some of 8500000;"
        " raise max_payload in its configuration, or lower limits.body"
    )


def test_a_server_that_is_too_old_is_told(tmp_path: Path) -> None:
    """With the version that it needs; it is sent nothing."""
    port = free_port()

    async def scenario() -> str:
        async with pretender(port, version="2.12.7") as sent:
            with pytest.raises(StoreUnusable) as error:
                await connect(NatsOptions((f"nats://127.0.0.1:{port}",), folder=tmp_path))
            await until(lambda: sent == [b"", b""])  # the first try, and another
        return str(error.value)

    assert asyncio.run(scenario()) == (
        f"springhead at nats://127.0.0.1:{port} cannot be used:"
        " the server pretender has version 2.12.7; update it to 2.12.8 or newer"
    )


def test_too_many_replicas_are_told(guarded: Node, tmp_path: Path) -> None:
    """The stream is named."""
    options = NatsOptions((guarded.url,), user="ada", password="swordfish", replicas=3, folder=tmp_path)  # noqa: S106

    message = refusal(options)

    assert message.startswith("the stream springhead-events cannot be made: ")
    assert "check store.replicas" in message


def named(guarded: Node, folder: Path, name: str, **more: Any) -> NatsOptions:
    """A store with this name there."""
    login: dict[str, Any] = {"user": "ada", "password": "swordfish"}
    return NatsOptions((guarded.url,), name=name, replicas=1, folder=folder, **login, **more)


def test_a_stream_that_differs_is_told_and_left_alone(guarded: Node, tmp_path: Path) -> None:
    """With each difference; an operator may have changed it on purpose."""
    options = named(guarded, tmp_path, "other")

    async def make() -> None:
        client = await connect(options)
        await ask(client, "STREAM.CREATE.other-events", name="other-events", subjects=["other-events.>"])
        await client.close()

    asyncio.run(make())

    message = refusal(options)

    assert message.startswith("the stream other-events differs: ")
    assert "discard is 'old', not 'new'" in message
    assert "allow_direct is False, not True" in message


def test_a_stream_of_another_layout_is_refused(guarded: Node, tmp_path: Path) -> None:
    """Another version could not read what is in there."""
    options = named(guarded, tmp_path, "older")

    async def make() -> None:
        store = NatsStore(options)
        await store.open(delivers=False)
        await store.close()
        client = await connect(options)
        config = (await ask(client, "STREAM.INFO.older-state"))["config"]
        await ask(client, "STREAM.UPDATE.older-state", **{**config, "metadata": {}})
        await client.close()

    asyncio.run(make())

    assert refusal(options).startswith("the stream older-state has layout None, not 1; move what it holds")


def test_what_only_reads_makes_no_streams(guarded: Node, tmp_path: Path) -> None:
    """They would reserve room, and a name may be mistyped."""
    options = named(guarded, tmp_path, "mistyped", create=False)

    async def exists() -> bool:
        client = await connect(options)
        try:
            await ask(client, "STREAM.INFO.mistyped-events")
        except ApiError:
            return False
        finally:
            await client.close()
        return True

    assert refusal(options) == (
        f"mistyped at {guarded.url} has no stream mistyped-events; start the gateway, or check store.name"
    )
    assert not asyncio.run(exists())
