"""Loads plugins, each on its own, and records why one is not active.

The only module that knows pluggy's manager. pluggy's own loader stops at the first plugin that cannot be
imported, silently skips a second one of the same name, and loses all results when one hook raises.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
import pluggy

from . import hooks
from .discovery import Loader, Plugin, discover
from .errors import InvalidSource, PluginFailure
from .hook_calls import HookCalls
from .implementations import check_implementation, in_order
from .source import Source

_HOOKS = tuple(sorted(name for name in vars(hooks) if name.startswith("springhead_")))


class Plugins(msgspec.Struct, frozen=True):
    """The active sources by name, all plugins found, and the hooks of the active ones."""

    sources: dict[str, Source]
    found: tuple[Plugin, ...]
    hooks: HookCalls


def load_plugins(folders: Iterable[str | Path] = (), environ: Mapping[str, str] = os.environ) -> Plugins:
    """Find and load all plugins: bundled, installed, and the source folders given.

    `SPRINGHEAD_PLUGINS` lists the only ones to load, `SPRINGHEAD_DISABLE_PLUGINS` those not to load: names,
    distributions or ids, separated by commas. No plugin can keep another from loading.

    Raises:
        PluginFailure: a plugin is neither active nor disabled, and `SPRINGHEAD_STRICT_PLUGINS` is 1.
    """
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    candidates = discover(folders)
    found = [plugin for plugin, _ in candidates]
    _disable(found, environ)
    _deactivate_conflicts(found, "name", lambda plugin: [plugin.name] if plugin.distribution else [])
    loaded: dict[str, list[Source]] = {}
    for plugin, load in candidates:
        if plugin.status == "active":
            loaded[plugin.id] = _load(manager, plugin, load)
    _deactivate_conflicts(found, "source", lambda plugin: plugin.sources)
    for plugin in found:
        if plugin.status != "active" and manager.has_plugin(plugin.id):
            manager.unregister(name=plugin.id)
    if environ.get("SPRINGHEAD_STRICT_PLUGINS", "").lower() not in ("", "0", "false", "no"):
        _require_active(found)
    active = [plugin for plugin in found if plugin.status == "active"]
    sources = {source.name: source for plugin in active for source in loaded[plugin.id]}
    hook_calls = HookCalls({hook: in_order(getattr(manager.hook, hook).get_hookimpls()) for hook in _HOOKS})
    return Plugins(sources, tuple(found), hook_calls)


def _load(manager: pluggy.PluginManager, plugin: Plugin, load: Loader) -> list[Source]:
    """Load a plugin and return its sources; if that fails, its status says why."""
    try:
        loaded = load()
        if isinstance(loaded, Source):
            plugin.version = loaded.version
            sources = [loaded]
        else:
            sources = _register(manager, plugin, loaded)
    except InvalidSource as error:
        incompatible = any(problem.rule == "incompatible-api" for problem in error.problems)
        plugin.deactivate("incompatible" if incompatible else "failed", str(error))
        return []
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        plugin.deactivate("failed", f"{type(error).__name__}: {error}")
        return []
    plugin.sources = [source.name for source in sources]
    return sources


def _register(manager: pluggy.PluginManager, plugin: Plugin, module: Any) -> list[Source]:
    _check_names(manager, module)
    manager.register(module, name=plugin.id)
    sources: list[Source] = []
    for hook in _HOOKS:
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == plugin.id:
                check_implementation(hook, implementation)
                if hook == "springhead_sources":
                    sources += implementation.function()
    for source in sources:
        if not isinstance(source, Source):
            name = type(source).__name__
            raise TypeError(f"springhead_sources returned a {name}: return what load_source returns")
    return sources


def _check_names(manager: pluggy.PluginManager, module: Any) -> None:
    """Raise LookupError for a misspelt hook, or one that is not marked; pluggy would not notice."""
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is None:
            if name in _HOOKS and callable(getattr(module, name, None)):
                raise LookupError(f"{name} is not marked: put @hookimpl above it")
            continue
        hook = options.get("specname") or name
        if hook not in _HOOKS and not options.get("optionalhook"):
            close = get_close_matches(hook, _HOOKS, 1)
            advice = f"did you mean {close[0]}?" if close else f"the hooks are {', '.join(_HOOKS)}"
            raise LookupError(f"{hook} is not a hook: {advice}")


def _disable(found: Iterable[Plugin], environ: Mapping[str, str]) -> None:
    allowed = _names(environ, "SPRINGHEAD_PLUGINS")
    disabled = _names(environ, "SPRINGHEAD_DISABLE_PLUGINS")
    for plugin in found:
        names = {plugin.id, plugin.name, plugin.distribution} if plugin.distribution else {plugin.id}
        if names & disabled:
            plugin.deactivate("disabled", "listed in SPRINGHEAD_DISABLE_PLUGINS")
        elif allowed and plugin.distribution and not names & allowed:
            plugin.deactivate("disabled", "not listed in SPRINGHEAD_PLUGINS")


def _names(environ: Mapping[str, str], variable: str) -> set[str]:
    return {name.strip() for name in environ.get(variable, "").split(",")} - {""}


def _deactivate_conflicts(found: Iterable[Plugin], what: str, names: Callable[[Plugin], Iterable[str]]) -> None:
    """Deactivate all plugins that claim the same name, because we cannot guess which one is meant."""
    claims: dict[str, list[Plugin]] = defaultdict(list)
    for plugin in found:
        if plugin.status == "active":
            for name in names(plugin):
                claims[name].append(plugin)
    for name, claimants in claims.items():
        if len(claimants) > 1:
            reason = f"the {what} {name!r} is claimed by {_described(claimants)}; {_advice(claimants)}"
            for plugin in claimants:
                plugin.deactivate("conflict", reason)


def _described(claimants: list[Plugin]) -> str:
    return " and ".join(
        f"{plugin.distribution or plugin.origin} {plugin.version}".strip() for plugin in claimants
    )


def _advice(claimants: list[Plugin]) -> str:
    installed = [plugin for plugin in claimants if plugin.distribution]
    return f"disable one: SPRINGHEAD_DISABLE_PLUGINS={(installed or claimants)[-1].id}"


def _require_active(found: Iterable[Plugin]) -> None:
    failures = [
        f"{plugin.id}: {plugin.status}: {plugin.reason}"
        for plugin in found
        if plugin.status not in ("active", "disabled")
    ]
    if failures:
        raise PluginFailure(failures)
