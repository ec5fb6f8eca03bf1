"""Connects to a NATS cluster, and refuses one that a store cannot rely on."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import nats
import structlog
from nats.aio.client import Client

from ..records import StoreUnusable
from .options import NatsOptions

OLDEST = (2, 12, 8)
"""The oldest server supported: earlier ones lose messages, or lack what the store needs."""
_CONNECT_SECONDS = 5.0
_PING_SECONDS = 1
"""Seconds between pings, two of which may be unanswered: a node that stopped is left soon."""
_REFUSED = "uthorization"
"""What the failures have in their text with which a node refuses credentials."""

_log = structlog.get_logger()


async def connect(options: NatsOptions) -> Client:
    """Connect to the first node that answers, and keep the connection up from then on.

    Raises:
        StoreUnusable: nobody answers, refuses the credentials, or is not what the store needs.
    """
    context = None
    if options.uses_tls:
        context = ssl.create_default_context(cafile=options.ca)
        await _require_tls(options)
    client, failures = Client(), []

    async def on_error(error: Exception) -> None:
        failures.append(error)
        _log.warning("the connection to NATS failed", error=str(error) or type(error).__name__)

    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await client.connect(
                list(options.servers),
                error_cb=on_error,
                name="springhead",
                user=options.user or None,
                password=options.password or None,
                user_credentials=str(options.credentials) if options.credentials else None,
                tls=context,
                connect_timeout=2,
                max_reconnect_attempts=2,
                reconnect_time_wait=0,
                no_echo=True,
                ping_interval=_PING_SECONDS,
                pending_size=2**26,
            )
    except (TimeoutError, OSError, nats.errors.Error) as error:
        reason = _reason([error, *failures])
        await client.close()
        raise StoreUnusable(f"{options.location} cannot be reached: {reason}; {_advice(reason)}") from None
    client.options["max_reconnect_attempts"] = -1
    client.options["reconnect_time_wait"] = 0.25
    try:
        _check_server(client, options)
    except StoreUnusable:
        await client.close()
        raise
    return client


def _reason(failures: Sequence[BaseException]) -> str:
    """The failure that says most: a node that refuses credentials may close before its refusal is read."""
    refused = (str(failure) for failure in failures if _REFUSED in str(failure))
    return next(refused, str(failures[-1])) or "no answer"


def _advice(reason: str) -> str:
    if _REFUSED in reason:
        return "check store.user, store.password or store.credentials"
    return "check store.url, and that a node is running"


def _check_server(client: Client, options: NatsOptions) -> None:
    version = str(client.connected_server_version)
    if _numbers(version) < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise StoreUnusable(f"the NATS server has version {version}: the store needs {needed} or newer")
    if client.max_payload < options.max_message:
        raise StoreUnusable(
            f"the NATS server takes messages of {client.max_payload} bytes, and the store may send some of "
            f"{options.max_message}: raise max_payload in the server's configuration, or lower limits.body"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


async def _require_tls(options: NatsOptions) -> None:
    """Refuse nodes that do not ask for TLS: nats-py would send them the credentials in clear."""
    for server in options.servers:
        address = urlsplit(server)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(address.hostname, address.port or 4222)
                line = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            continue
        info: dict[str, Any] = json.loads(line.removeprefix(b"INFO ") or b"{}")
        if not (info.get("tls_required") or info.get("tls_available")):
            raise StoreUnusable(
                f"{server} does not offer TLS: give the server a tls block, or write nats:// into store.url"
            )
