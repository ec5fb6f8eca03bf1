"""Runs a move from one store to another, and tells how far it is."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from ..core.errors import SpringheadError
from .context import fail, log_to_stderr, report
from .format import plural

if TYPE_CHECKING:
    from ..gateway.move import Moved
    from ..gateway.settings import Settings

_REPORT_SECONDS = 5.0


@dataclass(slots=True)
class _Progress:
    """Tells on stderr what was moved so far, now and then."""

    told_at: float

    def report(self, moved: Moved) -> None:
        if time.monotonic() - self.told_at > _REPORT_SECONDS:
            self.told_at = time.monotonic()
            typer.echo(f"{_summary(moved)} so far", err=True)


def move_store(settings: Settings, to: str) -> None:
    """Move what is in the store of these settings to another one; an error ends the command."""
    from ..gateway.move import EventsHeld  # noqa: PLC0415
    from ..gateway.open_store import with_store_at  # noqa: PLC0415
    from ..gateway.storage.records import StoreBusy, StoreFull  # noqa: PLC0415

    log_to_stderr()
    try:
        moved = asyncio.run(_move(settings, with_store_at(settings, to)))
    except (StoreBusy, StoreFull, EventsHeld) as error:
        report(f"{error}; what was moved so far is safe: run the same command again")
        raise typer.Exit(1) from None
    except (SpringheadError, OSError) as error:
        fail(error)
    typer.echo(f"{_summary(moved)} moved to {to}")


async def _move(settings: Settings, target_settings: Settings) -> Moved:
    from ..gateway.move import move  # noqa: PLC0415
    from ..gateway.open_store import open_store  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        source = open_store(settings, create=False)
        stack.push_async_callback(source.close)
        await source.open(alone=True)
        target = open_store(target_settings)
        stack.push_async_callback(target.close)
        await target.open(delivers=False)
        return await move(source, target, _Progress(time.monotonic()).report)


def _summary(moved: Moved) -> str:
    """What was moved: `12 events and 1 dead letter`."""
    known = f" ({moved.duplicates:,} of them there already)" if moved.duplicates else ""
    events = plural(moved.events + moved.duplicates, "event")
    return f"{events}{known} and {plural(moved.dead_letters, 'dead letter')}"
