"""How a store encrypts its connections, and what it says of nodes that it does not trust."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from springhead.gateway.storage.nats import NatsOptions
from springhead.gateway.storage.nats.connection import connect
from springhead.gateway.storage.records import StoreUnusable
from support.dataplanes import data_plane
from support.nats_nodes import Node, cluster, pretender
from support.senders import Senders, gateway_to, until
from support.servers import free_port
from support.stores import assert_serves, refusal

ADDRESS = "127.0.0.1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASSWORD = "swordfish"  # noqa: S105 - an invented one
LOGIN = f"authorization {{ user: ada, password: {PASSWORD} }}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the certificates of the nodes."""
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the authority's certificate, and with those of nodes and gateways."""
    folder = tmp_path_factory.mktemp("certificates")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
    certificates = {
        "node": authority.issue_cert(ADDRESS),
        "expired": authority.issue_cert(ADDRESS, not_before=LONG_AGO, not_after=LONG_AGO),
        "elsewhere": authority.issue_cert("nats.example.com"),
        "gateway": authority.issue_cert("gateway.example.com"),
        "stranger": trustme.CA().issue_cert("gateway.example.com"),
    }
    for name, certificate in certificates.items():
        certificate.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}-both.pem")
    return folder


@contextmanager
def node_with(folder: Path, files: Path, name: str, more: str = "") -> Iterator[Node]:
    """A node that shows one of the certificates, and asks for a password."""
    tls = f"tls {{ cert_file: '{files}/{name}.pem', key_file: '{files}/{name}.key' {more} }}"
    with cluster(folder, 1, f"{tls}\n{LOGIN}") as (node,):
        yield node


@pytest.fixture(scope="module")
def node(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with a certificate that is in order."""
    with node_with(tmp_path_factory.mktemp("node"), files, "node") as started:
        yield started


@pytest.fixture(scope="module")
def strict(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that asks for the certificates of those who connect."""
    more = f", ca_file: '{files}/ca.pem', verify: true"
    with node_with(tmp_path_factory.mktemp("strict"), files, "node", more) as started:
        yield started


def options(node: Node, folder: Path, ca: Path, **more: Any) -> NatsOptions:
    """How a gateway that trusts this authority connects to a node."""
    url = f"tls://{ADDRESS}:{node.port}"
    return NatsOptions((url,), replicas=1, user="ada", password=PASSWORD, ca=ca, folder=folder, **more)


@pytest.mark.parametrize("scheme", ["tls", "nats"])
def test_an_encrypted_connection_serves_like_any_other(
    node: Node, files: Path, tmp_path: Path, scheme: str
) -> None:
    """With an authority of one's own, and whichever scheme the URL has."""
    url = f"{scheme}://{ADDRESS}:{node.port}"
    encrypted = replace(options(node, tmp_path, files / "ca.pem", name=scheme), servers=(url,))

    asyncio.run(assert_serves(encrypted))


@pytest.mark.parametrize(
    ("certificate", "ca", "reason"),
    [
        (
            "node",
            "other-ca.pem",
            (
                "the certificate of a server is not trusted: unable to get local issuer certificate;"
                " set store.ca to the certificates that sign those of the servers"
            ),
        ),
        ("expired", "ca.pem", "the certificate of a server has expired; renew it"),
        (
            "elsewhere",
            "ca.pem",
            "a server's certificate is not valid for '127.0.0.1'; write the name that it is for into store.url",
        ),
    ],
)
def test_a_certificate_that_is_not_in_order_is_told(
    files: Path, tmp_path: Path, certificate: str, ca: str, reason: str
) -> None:
    """With what to do."""
    with node_with(tmp_path / "node", files, certificate) as started:
        message = refusal(options(started, tmp_path, files / ca))

    assert message == f"springhead at tls://127.0.0.1:{started.port} cannot be used: {reason}"


@pytest.mark.parametrize("info", [{}, {"tls_required": False, "auth_required": True, "nonce": "abc"}])
def test_a_node_without_tls_is_sent_nothing(tmp_path: Path, files: Path, info: dict[str, Any]) -> None:
    """Neither a password nor a name: it may be somebody between the gateway and the node."""
    pretended = Node("pretender", tmp_path)

    async def scenario() -> str:
        async with pretender(pretended.port, **info) as sent:
            with pytest.raises(StoreUnusable) as error:
                await connect(options(pretended, tmp_path, files / "ca.pem"))
            await until(lambda: bool(sent))
            assert set(sent) == {b""}
        return str(error.value)

    assert asyncio.run(scenario()) == (
        f"springhead at tls://127.0.0.1:{pretended.port} cannot be used:"
        " the server pretender does not offer TLS; give it a tls block, or write nats:// into store.url"
    )


def test_a_node_that_comes_back_without_tls_is_sent_nothing(files: Path, tmp_path: Path) -> None:
    """Each connection is looked at, not only the first."""

    async def scenario(started: Node) -> None:
        client = await connect(options(started, tmp_path, files / "ca.pem"))
        started.stop()
        async with pretender(started.port) as sent:
            await until(lambda: len(sent) > 1)
            await client.close()
            assert set(sent) == {b""}

    with node_with(tmp_path / "node", files, "node") as started:
        asyncio.run(scenario(started))


def test_a_node_that_leaves_the_choice_is_encrypted(files: Path, tmp_path: Path) -> None:
    """One with allow_non_tls would take a password in clear."""

    async def scenario(started: Node) -> None:
        client = await connect(options(started, tmp_path, files / "ca.pem"))
        assert ["tls_version" in connection for connection in started.connections()] == [True]
        await client.close()

    tls = f"tls {{ cert_file: '{files}/node.pem', key_file: '{files}/node.key' }}\nallow_non_tls: true"
    with cluster(tmp_path / "node", 1, f"{tls}\n{LOGIN}") as (started,):
        asyncio.run(scenario(started))


@pytest.mark.parametrize(("cert", "key"), [("gateway.pem", "gateway.key"), ("gateway-both.pem", None)])
def test_a_gateway_shows_its_certificate(
    strict: Node, files: Path, tmp_path: Path, cert: str, key: str | None
) -> None:
    """In two files, or in one with its key."""
    shown = {"tls_cert": files / cert, "tls_key": files / key if key else None}

    async def scenario() -> None:
        client = await connect(options(strict, tmp_path, files / "ca.pem", **shown))
        assert client.is_connected
        await client.close()

    asyncio.run(scenario())


def test_a_node_that_asks_for_a_certificate_says_so(strict: Node, files: Path, tmp_path: Path) -> None:
    """The keys that name it are told."""
    message = refusal(options(strict, tmp_path, files / "ca.pem"))

    assert message.endswith(": the server n0 asks for a certificate; set store.tls_cert and store.tls_key")


def test_a_certificate_that_the_node_does_not_trust_is_told(strict: Node, files: Path, tmp_path: Path) -> None:
    """The node itself only hangs up."""
    shown = {"tls_cert": files / "stranger.pem", "tls_key": files / "stranger.key"}

    message = refusal(options(strict, tmp_path, files / "ca.pem", **shown))

    assert message.endswith(": the server n0 refuses store.tls_cert; its ca_file must hold who signed it")


@pytest.mark.parametrize(
    ("key", "name", "reason"),
    [
        ("ca", "missing.pem", "store.ca: {} cannot be used: No such file or directory; it must be in PEM"),
        ("ca", "node.key", "store.ca: {} cannot be used: it holds no certificate; it must be in PEM"),
        (
            "tls_cert",
            "missing.pem",
            (
                "store.tls_cert: {} cannot be used: No such file or directory;"
                " they must be in PEM, and the key without a passphrase"
            ),
        ),
        (
            "tls_cert",
            "gateway.pem",
            (
                "store.tls_cert: {} cannot be used: it does not hold a certificate and its key;"
                " they must be in PEM, and the key without a passphrase"
            ),
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    files: Path, tmp_path: Path, key: str, name: str, reason: str
) -> None:
    """Before anything is connected."""
    wrong = NatsOptions((f"tls://{ADDRESS}:{free_port()}",), folder=tmp_path, **{key: files / name})  # type: ignore[arg-type]

    assert refusal(wrong) == reason.format(files / name)


@pytest.mark.slow
def test_a_gateway_encrypts_its_connections(strict: Node, files: Path, tmp_path: Path) -> None:
    """With settings as an operator writes them, on the event loop that it runs on."""
    settings = {
        "url": f"tls://{ADDRESS}:{strict.port}",
        "name": "served",
        "replicas": 1,
        "max_bytes": 10_000_000,
        "user": "ada",
        "password": PASSWORD,
        "ca": str(files / "ca.pem"),
        "tls_cert": str(files / "gateway.pem"),
        "tls_key": str(files / "gateway.key"),
    }

    async def scenario() -> None:
        async with data_plane() as plane:
            with gateway_to(plane.url, tmp_path, store=settings) as server:
                senders = Senders(server.url, stopping=True)
                await senders.run(1, (3,))
                await until(lambda: len(plane.taken) == 3)
                strict.stop()
                strict.start()
                await senders.run(1, (3,), first=1)
                await until(lambda: len(plane.taken) == 6)
                assert PASSWORD not in server.log.read_text()

    asyncio.run(scenario())
