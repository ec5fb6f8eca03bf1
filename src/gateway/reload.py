"""Reloads springhead.toml on SIGHUP: sources change at once, all other settings at the next start."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import structlog

from ..core.host import Host
from ..server import log
from .app import Gateway, check_sources
from .settings import InvalidSettings, Settings, load_settings
from .settings.problems import describe_key

_log = structlog.get_logger()


class Reloader:
    """The settings in force, in the supervisor and in each worker that it forks.

    The supervisor reads the file first, so that a worker that is replaced starts with what is in force, even if
    the file is broken by then. It passes the signal on, and the worker reads the file as well.
    """

    def __init__(self, host: Host, settings: Settings) -> None:
        self.settings = settings
        self._host = host

    def reload(self) -> bool:
        """In the supervisor: use the sources that are now in the file, unless it has problems."""
        try:
            changed = load_settings(self.settings.path)
            for key in _other_changes(self.settings, changed):
                _log.warning("a setting changes only at the next start", key=key)
            check_sources(self._host, changed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the gateway goes on
            _log_problems(error)
            return False
        self.settings = self.settings.with_sources_of(changed)
        return True

    @asynccontextmanager
    async def reloading(self, gateway: Gateway) -> AsyncIterator[None]:
        """In a worker: have a gateway reload its sources on SIGHUP, until the end of the block."""
        hangup = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        task = asyncio.create_task(_reload_on(hangup, gateway))
        try:
            yield
        finally:
            task.cancel()


async def _reload_on(hangup: asyncio.Event, gateway: Gateway) -> None:
    while True:
        await hangup.wait()
        hangup.clear()
        before = {source.name for source in gateway.settings.source}
        try:
            gateway.use_sources_of(await asyncio.to_thread(load_settings, gateway.settings.path))
        except Exception as error:  # noqa: BLE001 - as above
            _log_problems(error)
            continue
        after = {source.name for source in gateway.settings.source}
        for name in sorted(before - after):
            advice = (
                "what it has stored is delivered until the next start; with enabled = false, after it as well"
            )
            _log.warning("a source is no longer in the settings", source=name, advice=advice)
        _log.info("the sources are reloaded", sources=len(after), new=sorted(after - before))


def _other_changes(current: Settings, changed: Settings) -> Iterator[str]:
    """The keys outside [[source]] whose value is another one."""
    for section in ("gateway", "delivery", "limits", "store"):
        old, new = getattr(current, section), getattr(changed, section)
        for name in type(old).model_fields:
            if getattr(old, name) != getattr(new, name):
                yield describe_key((section, name))


def _log_problems(error: Exception) -> None:
    if isinstance(error, InvalidSettings):
        for problem in error.problems:
            _log.error("the settings are not reloaded", problem=str(problem))
    else:
        _log.error("the settings are not reloaded", error=type(error).__name__, at=log.where(error))
