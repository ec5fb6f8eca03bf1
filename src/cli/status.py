"""Reports how a gateway is doing: what its store holds, and what its server says if it runs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from rich.table import Table

from ..server.plain_http import no_trust
from .context import admin_client
from .format import console, duration, file_size, plural, printable

if TYPE_CHECKING:
    from ..gateway.settings import Settings
    from ..gateway.storage.records import StoreCounts

_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What the server says of itself.

    Attributes:
        address: its URL on this machine.
        not_ready: why it cannot keep what is posted now; None if it can.
        down: whether the destination is down; None if the server does not say.
        down_reason: its last failure.
        admin_problem: why the server's admin address did not say; None if it did, or if nothing answers there.
        held: sources that the destination refuses whatever is sent, each with the reason.
        webhook: the URL for senders that is in force: the file's may have changed since the start.
        to: the destination in force.
        gateways: those that share the store, the one that was asked first.
    """

    address: str
    not_ready: str | None
    down: bool | None = None
    down_reason: str | None = None
    admin_problem: str | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    webhook: str | None = None
    to: str | None = None
    gateways: Sequence[GatewayStatus] = ()


class GatewayStatus(msgspec.Struct):
    """One of the gateways that share a store: how much it delivers, and what it cannot."""

    name: str
    buckets: int | None = None
    down: str | None = None
    held: dict[str, str] = {}


class _DestinationStatus(msgspec.Struct):
    to: str
    down: bool
    reason: str | None


class _SourceStatus(msgspec.Struct):
    name: str
    held: str | None = None


class _GatewayStatus(msgspec.Struct):
    """The part of the server's own report that is repeated here."""

    webhook: str
    destination: _DestinationStatus
    sources: list[_SourceStatus]
    gateways: list[GatewayStatus] = []


def server_status(settings: Settings) -> ServerStatus:
    """Ask the server, at its own address and at its admin address."""
    import httpx  # noqa: PLC0415

    address, not_ready = settings.gateway.local_url, _why_not_ready(settings)
    try:
        with admin_client(settings, _TIMEOUT) as client:
            response = client.get("/api/status").raise_for_status()
        status = msgspec.json.decode(response.content, type=_GatewayStatus)
    except httpx.HTTPStatusError as error:
        problem = (
            f"{settings.gateway.admin} does not report its status: it answers {error.response.status_code}"
        )
        return ServerStatus(address, not_ready, admin_problem=problem)
    except (httpx.HTTPError, httpx.InvalidURL):
        return ServerStatus(address, not_ready)
    except msgspec.MsgspecError:
        problem = f"{settings.gateway.admin} is not the admin address of this gateway: another service answers"
        return ServerStatus(address, not_ready, admin_problem=problem)
    held = {source.name: source.held for source in status.sources if source.held}
    to, down, reason = msgspec.structs.astuple(status.destination)
    about = {"webhook": status.webhook, "to": to, "gateways": status.gateways}
    return ServerStatus(address, not_ready, down, reason, held=held, **about)


def _location(settings: Settings) -> str:
    """Where the store is: a folder, or a cluster."""
    return settings.store.url or str(settings.gateway.data)


def _why_not_ready(settings: Settings) -> str | None:
    import httpx  # noqa: PLC0415

    try:
        url = f"{settings.gateway.local_url}/ready"
        response = httpx.get(url, timeout=_TIMEOUT, trust_env=False, verify=no_trust())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"does not answer ({type(error).__name__})"
    if response.is_success:
        return None
    return f"is not ready: {printable(response.text.strip()[:300])}"


def status_json(settings: Settings, counts: StoreCounts, server: ServerStatus) -> dict[str, Any]:
    """The report as a JSON object."""
    return {
        "server": {
            "address": server.address,
            "webhook": server.webhook or settings.gateway.webhook_url,
            "ready": server.not_ready is None,
            "reason": server.not_ready,
            "admin_problem": server.admin_problem,
        },
        "destination": {
            "to": server.to or settings.delivery.to,
            "down": server.down,
            "reason": server.down_reason,
        },
        "store": {"folder": _location(settings), "bytes": counts.bytes},
        "undelivered": counts.undelivered,
        "oldest_undelivered_seconds": None if counts.oldest is None else max(time.time() - counts.oldest, 0.0),
        "dead_letters": counts.dead_letters,
        "gateways": [msgspec.structs.asdict(gateway) for gateway in server.gateways],
        "sources": [row._asdict() | {"held": server.held.get(row.name)} for row in _rows(settings, counts)],
    }


def print_status(settings: Settings, counts: StoreCounts, server: ServerStatus) -> None:
    """Print the report for people."""
    oldest = "nothing waits to be delivered"
    if counts.oldest is not None:
        oldest = f"the oldest undelivered event has waited {duration(time.time() - counts.oldest)}"
    table = Table("source", "type", "state", box=None, pad_edge=False)
    for title in ("undelivered", "dead letters"):
        table.add_column(title, justify="right")
    for row in _rows(settings, counts):
        counted = (f"{row.undelivered:,}", f"{row.dead_letters:,}")
        table.add_row(printable(row.name), row.type or "", row.state, *counted)
    webhook = server.webhook or settings.gateway.webhook_url
    is_public = settings.gateway.public_url or webhook != settings.gateway.webhook_url
    lines = [
        f"{server.address} {server.not_ready or 'is ready'}",
        *([f"senders post to {webhook}"] if is_public else []),
        *([server.admin_problem] if server.admin_problem else []),
        *([_shared(server.gateways)] if len(server.gateways) > 1 else []),
        *_delivery_problems(server),
        oldest,
        f"{_location(settings)} takes {file_size(counts.bytes)}\n",
    ]
    output = console()
    output.print("\n".join(lines))
    output.print(table)


def _delivery_problems(server: ServerStatus) -> list[str]:
    problems = []
    if server.down:
        reason = printable(server.down_reason or "")
        where = _where(server, [gateway for gateway in server.gateways if gateway.down is not None])
        problems.append(f"{server.to} is down{where} ({reason}); events are kept and retried")
    for source, reason in server.held.items():
        problem = f"the destination accepts none of its events ({printable(reason)}); they are kept and retried"
        where = _where(server, [gateway for gateway in server.gateways if source in gateway.held])
        problems.append(f"{printable(source)} is held{where}: {problem}")
    return problems


def _shared(gateways: Sequence[GatewayStatus]) -> str:
    names = (f"{printable(gateway.name)} ({plural(gateway.buckets or 0, 'bucket')})" for gateway in gateways)
    return f"{len(gateways)} gateways share the store: {', '.join(names)}"


def _where(server: ServerStatus, gateways: Sequence[GatewayStatus]) -> str:
    """Which of several gateways these are; empty if there is only one."""
    names = ", ".join(printable(gateway.name) for gateway in gateways)
    return f" at {names}" if names and len(server.gateways) > 1 else ""


class _Row(NamedTuple):
    """A source, and what the store holds of it."""

    name: str
    type: str | None
    state: str
    undelivered: int
    dead_letters: int


def _rows(settings: Settings, counts: StoreCounts) -> list[_Row]:
    """The sources in the settings, then those that only the store still has."""
    configured = [
        _Row(
            source.name,
            source.type,
            "enabled" if source.enabled else "disabled",
            *counts.by_source.get(source.name, (0, 0)),
        )
        for source in settings.source
    ]
    names = {source.name for source in settings.source}
    former = [
        _Row(name, None, "not in the settings", *held)
        for name, held in counts.by_source.items()
        if name not in names and any(held)
    ]
    return [*configured, *former]
