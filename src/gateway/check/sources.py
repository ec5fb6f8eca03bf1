"""Checks that the plugins are active, and that each source's type and settings are known."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.host import Host
from ...core.signature.secret import MISSING_SECRET
from ..app import check_sources
from ..settings import Settings, SourceSettings
from .result import CheckResult


def check_plugins(host: Host) -> Iterator[CheckResult]:
    """Report plugins and source folders that are not active; a folder was asked for by name."""
    for plugin in host.plugins:
        if plugin.status in ("active", "disabled"):
            continue
        reason = f"{plugin.id} is not active ({plugin.status}): {plugin.reason}"
        yield CheckResult("plugin", "advice" if plugin.distribution else "problem", reason)


def check_settings_of_sources(host: Host, settings: Settings) -> Iterator[CheckResult]:
    """Report each source of the settings.

    Raises:
        InvalidSettings: the host does not know the type of a source, or refuses its settings.
    """
    check_sources(host, settings)
    for source in settings.source:
        yield _check_source(host, source)


def _check_source(host: Host, source: SourceSettings) -> CheckResult:
    if not source.enabled:
        return CheckResult("source", "ok", f"{source.name} is disabled: its sender is answered 404")
    if host.sources[source.type].signatures and not source.signing_secret:
        return CheckResult("source", "advice", f"{source.name} has no signing_secret", MISSING_SECRET)
    return CheckResult("source", "ok", f"{source.name} takes calls of the type {source.type}")
