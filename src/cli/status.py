"""How a gateway is: what its store holds and what its server says in, a report for people or scripts out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.table import Table

from . import format as shown
from .admin import admin_of

if TYPE_CHECKING:
    from ..gateway.settings import Settings
    from ..gateway.storage.records import StoreCounts

_READY_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How delivery goes.

    Attributes:
        to: the destination.
        down: whether it is; None where the server does not tell.
        why: its last failure.
        held: sources it refuses whatever is sent of, and why.
    """

    to: str
    down: bool | None = None
    why: str | None = None
    held: Mapping[str, str] = field(default_factory=dict)


def address(settings: Settings) -> str:
    """Where this machine reaches the gateway."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.gateway.host, settings.gateway.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.gateway.port}"


def ready(settings: Settings) -> str | None:
    """Why the server keeps nothing that is posted now; None where it does."""
    import httpx  # noqa: PLC0415

    try:
        answer = httpx.get(f"{address(settings)}/ready", timeout=_READY_SECONDS, trust_env=False)
        if answer.is_success:
            return None
        with suppress(httpx.HTTPError, httpx.InvalidURL), admin_of(settings, _READY_SECONDS) as client:
            answer = client.get("/ready")  # there it tells why
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"does not answer ({type(error).__name__})"
    return f"is not ready: {shown.printable(answer.text.strip()[:300])}"


def delivery_status(settings: Settings) -> DeliveryStatus:
    """How delivery goes, as the server's admin address tells it."""
    import httpx  # noqa: PLC0415

    to = settings.delivery.to
    try:
        with admin_of(settings, _READY_SECONDS) as client:
            told = client.get("/api/status").raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return DeliveryStatus(to)
    held = {source["name"]: source["held"] for source in told["sources"] if source["held"]}
    return DeliveryStatus(to, told["destination"]["down"], told["destination"]["why"], held)


def report(
    settings: Settings, counts: StoreCounts, address: str, said: str | None, delivery: DeliveryStatus
) -> dict[str, Any]:
    """All of it as a JSON object; `said` as `ready` says it."""
    return {
        "server": {"address": address, "ready": said is None, "reason": said},
        "destination": {"to": delivery.to, "down": delivery.down, "why": delivery.why},
        "store": {"folder": str(settings.gateway.data), "bytes": counts.bytes},
        "undelivered": counts.undelivered,
        "oldest_undelivered_seconds": None if counts.oldest is None else max(time.time() - counts.oldest, 0.0),
        "dead_letters": counts.letters,
        "sources": [
            {
                "name": name,
                "type": type_,
                "state": state,
                "undelivered": undelivered,
                "dead_letters": letters,
                "held": delivery.held.get(name),
            }
            for name, type_, state, undelivered, letters in _rows(settings, counts)
        ],
    }


def show(settings: Settings, counts: StoreCounts, server: str, delivery: DeliveryStatus) -> None:
    """Print it for people, below a line about the server."""
    oldest = "nothing waits to be delivered"
    if counts.oldest is not None:
        oldest = f"the oldest undelivered event has waited {shown.age(time.time() - counts.oldest)}"
    table = Table("source", "type", "state", box=None, pad_edge=False)
    for title in ("undelivered", "dead letters"):
        table.add_column(title, justify="right")
    for name, type_, state, undelivered, letters in _rows(settings, counts):
        table.add_row(shown.printable(name), type_ or "", state, f"{undelivered:,}", f"{letters:,}")
    console = shown.console()
    lines = [server, *_trouble(delivery), oldest, f"{settings.gateway.data} takes {shown.size(counts.bytes)}\n"]
    console.print("\n".join(lines))
    console.print(table)


def _trouble(delivery: DeliveryStatus) -> list[str]:
    lines = []
    if delivery.down:
        why = shown.printable(delivery.why or "")
        lines.append(f"{delivery.to} is down ({why}): events are kept, and tried again")
    for source, why in delivery.held.items():
        name, said = shown.printable(source), shown.printable(why)
        lines.append(f"{name} is held, for the destination takes nothing of it ({said}): its events are kept")
    return lines


def _rows(settings: Settings, counts: StoreCounts) -> list[tuple[str, str | None, str, int, int]]:
    """Name, type, state, undelivered and dead letters: of the sources set up, then of those that once were."""
    rows = [
        (one.name, one.type, "enabled" if one.enabled else "disabled", *counts.by_source.get(one.name, (0, 0)))
        for one in settings.source
    ]
    set_up = {one.name for one in settings.source}
    once = [
        (name, None, "not in the settings", *both)
        for name, both in counts.by_source.items()
        if name not in set_up and any(both)
    ]
    return [*rows, *once]
