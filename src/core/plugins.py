"""Plugins: what was found in, sources and what became of each plugin out.

The only module that knows pluggy's manager. pluggy's own loader stops at the first plugin that fails to import,
skips a second one of the same name in silence, and loses all results when one hook raises; so each plugin is
loaded and called on its own here.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pluggy

from . import hooks
from .codec import Object, encode, kind, parse
from .discovery import Load, Plugin, discover
from .errors import InvalidSource, PluginFailure
from .event import Unfinished
from .ids import visible
from .outcome import Rejection
from .request import Request
from .source import Source

_HOOKS = tuple(sorted(name for name in vars(hooks) if name.startswith("springhead_")))

_log = logging.getLogger("springhead.plugins")


@dataclass(slots=True)
class Plugins:
    """The active sources by name, and every plugin found."""

    sources: dict[str, Source]
    found: tuple[Plugin, ...]
    calls: dict[str, list[tuple[str, Callable[..., Any]]]]
    """The implementations of each hook with their plugins' ids, in the order of the ids."""

    @property
    def verifies(self) -> bool:
        """Whether a plugin looks at requests before they are decoded."""
        return bool(self.calls["springhead_verify"])

    def verify(self, source: Source, request: Request) -> str | None:
        """Why a plugin refuses the request, or None."""
        for name, call in self.calls["springhead_verify"]:
            try:
                reason = call(source=source, request=request)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
                _log.warning("plugin %s raised in springhead_verify: %s", name, type(error).__name__)
                return f"plugin {name} could not verify the request"
            if reason is not None:
                return str(reason)
        return None

    def inspector(self, source: Source) -> Callable[[Object], Object | None] | None:
        """What the plugins make of a finished event; None where none looks at events."""
        calls = self.calls["springhead_event"]
        if not calls:
            return None

        def inspect(event: Object) -> Object | None:
            for name, call in calls:
                try:
                    made = call(source=source, event=event)
                except (Exception, SystemExit) as error:
                    _log.warning("plugin %s raised in springhead_event: %s", name, type(error).__name__)
                    raise Unfinished("plugin", f"plugin {name} raised {type(error).__name__}") from error
                if made is False:
                    return None
                if isinstance(made, dict):
                    event = made
                elif made is not None:
                    raise Unfinished(
                        "plugin", f"plugin {name} gave {kind(made)}: give an object, False or None"
                    )
            return _sound(event)

        return inspect

    def tell(self, source: Source, rejections: Iterable[Rejection]) -> None:
        """Tell the plugins of rejections."""
        calls = self.calls["springhead_rejected"]
        for rejection in rejections if calls else ():
            for name, call in calls:
                try:
                    call(source=source, rejection=rejection)
                except (Exception, SystemExit) as error:  # noqa: BLE001
                    _log.warning("plugin %s raised in springhead_rejected: %s", name, type(error).__name__)


def _sound(event: Object) -> Object:
    """What plugins made of an event, as any serialiser takes it, and still somebody's."""
    try:
        made: Object = parse(encode(event))
    except (TypeError, ValueError, RecursionError) as error:
        kept = type(error).__name__
        raise Unfinished("plugin", f"the plugins left in the event what is no JSON ({kept})") from error
    ids = (made.get("userId"), made.get("anonymousId"))
    if not any(isinstance(one, str) and visible(one) for one in ids):
        raise Unfinished("plugin", "the plugins left the event with neither userId nor anonymousId")
    return made


def load_plugins(folders: Iterable[str | Path] = (), environ: Mapping[str, str] = os.environ) -> Plugins:
    """Find and load all plugins: bundled, installed, and the source folders given.

    `SPRINGHEAD_PLUGINS` lists the only ones to load, `SPRINGHEAD_DISABLE_PLUGINS` those not to: names,
    distributions or ids, between commas. Nothing one plugin does keeps another from loading.

    Raises:
        PluginFailure: a plugin is not active, not being disabled, and `SPRINGHEAD_STRICT_PLUGINS` is 1.
    """
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    candidates = discover(folders)
    found = [plugin for plugin, _ in candidates]
    _disable(found, environ)
    _conflicts(found, "name", lambda plugin: [plugin.name] if plugin.distribution else [])
    brought: dict[str, list[Source]] = {}
    for plugin, load in candidates:
        if plugin.status == "active":
            brought[plugin.id] = list(_sources(manager, plugin, load))
    _conflicts(found, "source", lambda plugin: plugin.sources)
    for plugin in found:
        if plugin.status != "active" and manager.has_plugin(plugin.id):
            manager.unregister(name=plugin.id)
    if environ.get("SPRINGHEAD_STRICT_PLUGINS", "").lower() not in ("", "0", "false", "no"):
        _strict(found)
    active = [plugin for plugin in found if plugin.status == "active"]
    sources = {source.name: source for plugin in active for source in brought[plugin.id]}
    return Plugins(sources, tuple(found), {hook: _calls(manager, hook) for hook in _HOOKS})


def _sources(manager: pluggy.PluginManager, plugin: Plugin, load: Load) -> list[Source]:
    """Load one plugin and give its sources; a plugin that fails says why in its status."""
    try:
        loaded = load()
        if isinstance(loaded, Source):
            plugin.version = loaded.version
            sources = [loaded]
        else:
            sources = _register(manager, plugin, loaded)
    except InvalidSource as error:
        incompatible = any(problem.rule == "incompatible-api" for problem in error.problems)
        plugin.stop("incompatible" if incompatible else "failed", str(error))
        return []
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises is its own failure
        plugin.stop("failed", f"{type(error).__name__}: {error}")
        return []
    plugin.sources = [source.name for source in sources]
    return sources


def _register(manager: pluggy.PluginManager, plugin: Plugin, module: Any) -> list[Source]:
    marked = set()
    for name in dir(module):
        function = getattr(module, name)
        if manager.parse_hookimpl_opts(module, name) is not None:
            marked.add(name)
            if name not in _HOOKS:
                close = get_close_matches(name, _HOOKS, 1)
                advice = f"did you mean {close[0]}?" if close else f"the hooks are {', '.join(_HOOKS)}"
                raise LookupError(f"{name} is no hook: {advice}")
        elif name in _HOOKS and callable(function):
            raise LookupError(f"{name} is not marked: put @hookimpl above it")
    manager.register(module, name=plugin.id)
    if "springhead_sources" not in marked:
        return []
    sources = list(module.springhead_sources())
    for source in sources:
        if not isinstance(source, Source):
            raise TypeError(f"springhead_sources gives {type(source).__name__}: give what load_source returns")
    return sources


def _disable(found: Iterable[Plugin], environ: Mapping[str, str]) -> None:
    only = _listed(environ, "SPRINGHEAD_PLUGINS")
    not_these = _listed(environ, "SPRINGHEAD_DISABLE_PLUGINS")
    for plugin in found:
        names = {plugin.id, plugin.name, plugin.distribution} if plugin.distribution else {plugin.id}
        if names & not_these:
            plugin.stop("disabled", "listed in SPRINGHEAD_DISABLE_PLUGINS")
        elif only and plugin.distribution and not names & only:
            plugin.stop("disabled", "not listed in SPRINGHEAD_PLUGINS")


def _listed(environ: Mapping[str, str], variable: str) -> set[str]:
    return {name.strip() for name in environ.get(variable, "").split(",")} - {""}


def _conflicts(found: Iterable[Plugin], what: str, names: Callable[[Plugin], list[str]]) -> None:
    """A name claimed twice disables all who claim it: which one is meant is not ours to guess."""
    claims: dict[str, list[Plugin]] = defaultdict(list)
    for plugin in found:
        if plugin.status == "active":
            for name in names(plugin):
                claims[name].append(plugin)
    for name, claimants in claims.items():
        if len(claimants) > 1:
            who = " and ".join(
                f"{plugin.distribution or plugin.origin} {plugin.version}".strip() for plugin in claimants
            )
            installed = [plugin for plugin in claimants if plugin.distribution]
            advice = f"disable one: SPRINGHEAD_DISABLE_PLUGINS={(installed or claimants)[-1].id}"
            for plugin in claimants:
                plugin.stop("conflict", f"the {what} {name!r} is claimed by {who}; {advice}")


def _strict(found: Iterable[Plugin]) -> None:
    failures = [
        f"{plugin.id}: {plugin.status}: {plugin.reason}"
        for plugin in found
        if plugin.status not in ("active", "disabled")
    ]
    if failures:
        raise PluginFailure(failures)


def _calls(manager: pluggy.PluginManager, hook: str) -> list[tuple[str, Callable[..., Any]]]:
    implementations = getattr(manager.hook, hook).get_hookimpls()
    calls = [(impl.plugin_name, _with_arguments(impl.function, impl.argnames)) for impl in implementations]
    return sorted(calls, key=lambda named: named[0])


def _with_arguments(function: Callable[..., Any], names: Iterable[str]) -> Callable[..., Any]:
    """The implementation, called with those arguments of the hook that it names."""
    wanted = tuple(names)
    return lambda **arguments: function(*(arguments[name] for name in wanted))
