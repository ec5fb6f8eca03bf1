"""Checks a gateway from its settings to the write keys at its data plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...core.errors import PluginFailure
from ...core.host import Host
from ..settings import InvalidSettings, Settings, load_settings
from .clock import check_clock
from .destination import check_destination
from .disk import check_disk
from .nats_store import check_nats_store
from .result import CheckResult
from .server import check_server
from .sources import check_plugins, check_settings_of_sources
from .sqlite_store import check_store


def check_gateway(config: Path, make_host: Callable[[Sequence[Path]], Host]) -> Iterator[CheckResult]:
    """Check everything, each result as soon as it is known.

    Args:
        config: the settings file. If it has problems, nothing else is checked.
        make_host: makes a host with the source folders of the settings.
    """
    try:
        settings = load_settings(config)
    except InvalidSettings as error:
        yield from _invalid(error)
        return
    count = len(settings.source)
    yield CheckResult("settings", "ok", f"{config} has {count} source{'' if count == 1 else 's'}")
    yield from _check_sources(settings, make_host)
    check_kept = check_nats_store if settings.store.url else check_store
    for check in (check_server, check_kept, check_disk, check_clock, check_destination):
        yield from check(settings)


def _check_sources(settings: Settings, make_host: Callable[[Sequence[Path]], Host]) -> Iterator[CheckResult]:
    try:
        host = make_host(settings.gateway.folders)
        yield from check_plugins(host)
        yield from check_settings_of_sources(host, settings)
    except InvalidSettings as error:
        yield from _invalid(error)
    except PluginFailure as error:
        yield CheckResult("plugin", "problem", str(error))


def _invalid(error: InvalidSettings) -> Iterator[CheckResult]:
    for problem in error.problems:
        key = f" {problem.key}:" if problem.key else ""
        yield CheckResult("settings", "problem", f"{problem.place}:{key} {problem.reason}", problem.advice)
