"""Connects to a NATS cluster, and refuses servers that a store cannot rely on."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import nats
import structlog
from nats.aio.client import Client

from ....core.errors import SpringheadError
from ....server.log import RateLimitedLogger
from ..records import StoreUnusable
from .credentials import Credentials, InvalidCredentials
from .options import NatsOptions
from .tls import explain_handshake, tls_context

OLDEST = (2, 12, 8)
"""The oldest server supported: earlier ones lose messages, or lack what the store needs."""
_CONNECT_SECONDS = 5.0
_PING_SECONDS = 1
"""Seconds between pings, two of which may be unanswered: a server that stopped is left soon."""


class ServerRefused(SpringheadError, nats.errors.Error):  # noqa: N818 - the name says what is wrong
    """A server is not what the store needs. The message says why, and what to do."""


class StoreClient(Client):
    """A client that looks at each server before it sends credentials there.

    The client of nats-py encrypts a connection only if the server says that it must be: what stands between the
    two could say otherwise, and be sent the password in clear.
    """

    def __init__(self, options: NatsOptions) -> None:
        """The options say what a server must be."""
        super().__init__()
        self._needed = options

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection:
            _check_server(info, self._needed)
            info["tls_required"] = self._needed.uses_tls or info.get("tls_required", False)
        await super()._process_info(info, initial_connection)

    async def _process_connect_init(self) -> None:
        try:
            await super()._process_connect_init()
        except Exception as error:
            if self._transport is not None:
                self._transport.close()  # type: ignore[no-untyped-call]
            self._transport = None  # nats-py waits until it is closed, and after a failed handshake without end
            if self._server_info.get("tls_verify") and _is_hung_up(error):
                advice = "its ca_file must hold who signed it"
                raise ServerRefused(f"{_name(self._server_info)} refuses store.tls_cert; {advice}") from None
            raise


async def connect(options: NatsOptions) -> Client:
    """Connect to the first server that can be used, and keep the connection up from then on.

    Raises:
        StoreUnusable: no server can be reached and used, or a file that this takes cannot.
    """
    failures: list[Exception] = []
    log = RateLimitedLogger(structlog.get_logger())

    async def on_error(error: Exception) -> None:
        failures[:] = [*failures[-9:], error]
        reason = _explain(error)
        log.warning(reason, "the connection to NATS failed", reason=reason)

    client, context, login = StoreClient(options), tls_context(options), _login(options)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await client.connect(
                list(options.servers),
                error_cb=on_error,
                name="springhead",
                tls=context,
                connect_timeout=2,
                max_reconnect_attempts=2,
                reconnect_time_wait=0,
                no_echo=True,
                ping_interval=_PING_SECONDS,
                pending_size=2**26,
                **login,
            )
    except (TimeoutError, OSError, nats.errors.Error) as error:
        await client.close()
        reason = _explain(_most_telling([error, *failures]))
        raise StoreUnusable(f"{options.location} cannot be used: {reason}") from None
    client.options["max_reconnect_attempts"] = -1
    client.options["reconnect_time_wait"] = 0.25
    return client


def denial(client: Client) -> str:
    """What the user was not permitted to do last, as servers do not answer that; empty if there is nothing."""
    reason = _explain(client.last_error) if client.last_error else ""
    return reason if "permissions violation" in reason.lower() else ""


def _login(options: NatsOptions) -> dict[str, Any]:
    if options.credentials is None:
        return {"user": options.user or None, "password": options.password or None}
    credentials = Credentials(options.credentials)
    try:
        credentials.check()
    except InvalidCredentials as error:
        raise StoreUnusable(str(error)) from None
    return {"user_jwt_cb": credentials.jwt, "signature_cb": credentials.sign}


def _check_server(info: dict[str, Any], options: NatsOptions) -> None:
    """Refuse a server by what it says of itself when it is connected to."""
    server = _name(info)
    if options.uses_tls and not (info.get("tls_required") or info.get("tls_available")):
        raise ServerRefused(
            f"{server} does not offer TLS; give it a tls block, or write nats:// into store.url"
        )
    if info.get("tls_verify") and options.tls_cert is None:
        raise ServerRefused(f"{server} asks for a certificate; set store.tls_cert and store.tls_key")
    version = info.get("version", "")
    if _numbers(version) < OLDEST:
        raise ServerRefused(
            f"{server} has version {version}; update it to {'.'.join(map(str, OLDEST))} or newer"
        )
    max_payload = info.get("max_payload", 0)
    if max_payload < options.max_message:
        raise ServerRefused(
            f"{server} takes messages of {max_payload} bytes, and the store may send some of "
            f"{options.max_message}; raise max_payload in its configuration, or lower limits.body"
        )


def _name(info: Mapping[str, Any]) -> str:
    return f"the server {info.get('server_name', '')}"


def _is_hung_up(error: Exception) -> bool:
    """Whether the server ended the connection, as it does when it does not trust a certificate."""
    is_untrusted = isinstance(error, ssl.SSLCertVerificationError)
    return isinstance(error, (ConnectionError, ssl.SSLError)) and not is_untrusted


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _most_telling(failures: Sequence[Exception]) -> Exception:
    """The failure that says most: that a server is down matters less than that another refuses the password.

    A server that refuses credentials may end the connection before its refusal is read.
    """
    refusals = [error for error in failures if isinstance(error, (nats.errors.Error, ssl.SSLError))]
    return next((error for error in failures if _is_refused(error)), [*failures, *refusals][-1])


def _is_refused(error: Exception) -> bool:
    """Whether a server refused the credentials."""
    return "uthorization" in str(error) or "uthentication" in str(error)


def _explain(error: Exception) -> str:
    """Why a server was not connected to, and what to do."""
    if isinstance(error, (ServerRefused, InvalidCredentials)):
        return str(error)
    if isinstance(error, ssl.SSLError):
        return explain_handshake(error)
    reason = str(error) or "no answer"
    if "permissions violation" in reason.lower():
        return f"{reason}; the user must be permitted to use JetStream and the streams"
    if _is_refused(error):
        return f"{reason}; check store.user, store.password or store.credentials"
    return f"{reason}; check store.url, and that a server is running"
