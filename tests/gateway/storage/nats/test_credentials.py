"""How a store logs in with a credentials file."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nkeys
import pytest

from springhead.gateway.storage.nats import NatsOptions, NatsStore
from support.nats_nodes import Node, cluster
from support.servers import free_port
from support.stores import assert_serves, entry, keep, refusal

CLIENTS = dict.fromkeys(["subs", "data", "payload", "imports", "exports", "conn", "leaf"], -1)
JETSTREAM = dict.fromkeys(["mem_storage", "disk_storage", "streams", "consumer"], -1)
"""Limits: none."""
CREDENTIALS = """-----BEGIN NATS USER JWT-----
{}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
{}
------END USER NKEY SEED------
"""


def key_pair(prefix: int) -> nkeys.KeyPair:
    """The keys of an operator, an account or a user."""
    return nkeys.from_seed(bytearray(nkeys.encode_seed(os.urandom(32), prefix)))


def name(keys: nkeys.KeyPair) -> str:
    """The public key, which is what NATS calls its owner."""
    return str(keys.public_key.decode())


def jwt(signer: nkeys.KeyPair, subject: nkeys.KeyPair, **claims: Any) -> str:
    """What a signer says of somebody, as NATS has it."""
    head = {"typ": "JWT", "alg": "ed25519-nkey"}
    body = {
        "jti": "1",
        "iat": 1,
        "iss": name(signer),
        "sub": name(subject),
        "name": "ada",
        "nats": {"version": 2, **claims},
    }
    text = ".".join(encoded(json.dumps(part).encode()) for part in (head, body))
    return f"{text}.{encoded(signer.sign(text.encode()))}"


def encoded(data: bytes) -> str:
    """Base64 as JWTs have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


OPERATOR, SYSTEM, ACCOUNT, USER = (
    key_pair(prefix)
    for prefix in (
        nkeys.PREFIX_BYTE_OPERATOR,
        nkeys.PREFIX_BYTE_ACCOUNT,
        nkeys.PREFIX_BYTE_ACCOUNT,
        nkeys.PREFIX_BYTE_USER,
    )
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that knows who may connect by what their account signed."""
    accounts = {
        name(keys): jwt(OPERATOR, keys, type="account", limits={**limits, "wildcards": True})
        for keys, limits in ((SYSTEM, CLIENTS), (ACCOUNT, {**CLIENTS, **JETSTREAM}))
    }
    preload = ", ".join(f"{account}: {text}" for account, text in accounts.items())
    operator = jwt(OPERATOR, OPERATOR, type="operator", system_account=name(SYSTEM))
    extra = f"operator: {operator}\nresolver: MEMORY\nresolver_preload {{ {preload} }}"
    with cluster(tmp_path_factory.mktemp("nats"), 1, extra) as (started,):
        yield started


def credentials(folder: Path, account: nkeys.KeyPair, user: nkeys.KeyPair = USER) -> Path:
    """The file of a user, for whom an account speaks."""
    path = folder / "gateway.creds"
    text = jwt(account, USER, type="user", **CLIENTS)
    path.write_text(CREDENTIALS.format(text, user.seed.decode()))
    return path


def test_a_gateway_logs_in_with_a_credentials_file(node: Node, tmp_path: Path) -> None:
    """It signs what the node made up."""
    options = NatsOptions((node.url,), replicas=1, credentials=credentials(tmp_path, ACCOUNT), folder=tmp_path)

    asyncio.run(assert_serves(options))


@pytest.mark.parametrize(
    ("account", "user"),
    [(key_pair(nkeys.PREFIX_BYTE_ACCOUNT), USER), (ACCOUNT, key_pair(nkeys.PREFIX_BYTE_USER))],
    ids=["unknown account", "another's seed"],
)
def test_credentials_that_the_node_refuses_are_told(
    node: Node, tmp_path: Path, account: nkeys.KeyPair, user: nkeys.KeyPair
) -> None:
    """With the keys that name them."""
    message = refusal(
        NatsOptions((node.url,), credentials=credentials(tmp_path, account, user), folder=tmp_path)
    )

    assert message == (
        f"springhead at {node.url} cannot be used: nats: 'Authorization Violation';"
        " check store.user, store.password or store.credentials"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "it cannot be read: No such file or directory"),
        ("", "it does not hold a JWT and a seed"),
        ("é", "it does not hold a JWT and a seed"),
        (CREDENTIALS.format("a.b.c", "SUNOTASEED"), "its seed is not that of a user"),
        (CREDENTIALS.format("a.b.c", "é"), "it does not hold a JWT and a seed"),
        (CREDENTIALS.format("a.b.c", ACCOUNT.seed.decode())[:60], "it does not hold a JWT and a seed"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str | None, reason: str) -> None:
    """Before anything is connected."""
    path = tmp_path / "gateway.creds"
    if text is not None:
        path.write_text(text)

    message = refusal(NatsOptions((f"nats://127.0.0.1:{free_port()}",), credentials=path, folder=tmp_path))

    assert message == f"store.credentials: {path}: {reason}; write it with `nsc generate creds`"


def test_a_file_that_is_emptied_meanwhile_does_not_stop_the_gateway(node: Node, tmp_path: Path) -> None:
    """The next connection is tried until it can be read again."""
    path = credentials(tmp_path, ACCOUNT)
    whole = path.read_text()

    async def scenario() -> None:
        store = NatsStore(NatsOptions((node.url,), replicas=1, credentials=path, folder=tmp_path))
        await store.open()
        path.write_text("")
        node.stop()
        node.start()
        await asyncio.to_thread(node.wait)
        await asyncio.sleep(0.5)
        path.write_text(whole)
        while True:
            try:
                await keep(store, entry("two"))
                break
            except Exception:  # noqa: BLE001 - it is not connected yet
                await asyncio.sleep(0.1)
        await store.close()

    asyncio.run(scenario())
