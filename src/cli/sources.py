"""`springhead sources`: lists every source and plugin, and why one is not active."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from ..core.discovery import Plugin
from ..core.errors import PluginFailure
from ..core.host import Host
from ..core.source import Source
from .context import Folders, fail, make_host
from .format import console


def sources(
    *,
    folder: Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """List the sources and plugins: status, version, origin, and why one is not active."""
    try:
        host = make_host(folders=folder or [])
    except PluginFailure as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps({"plugins": [_plugin_json(host, plugin) for plugin in host.plugins]}, indent=2))
        return
    table = Table("plugin", "status", "sources", "from", box=None, pad_edge=False)
    for plugin in host.plugins:
        origin = f"{plugin.distribution} {plugin.version}" if plugin.distribution else plugin.origin
        table.add_row(plugin.name, plugin.status, _versions(host, plugin), origin)
    output = console()
    output.print(table)
    for plugin in host.plugins:
        if plugin.reason:
            output.print(f"\n{plugin.id} is {plugin.status}: {plugin.reason}")
    signed = [name for name, source in sorted(host.sources.items()) if source.signatures]
    if signed:
        output.print(f"\nsigned by the vendor: {', '.join(signed)}")
        output.print("Set signing_secret for these, or forged requests are accepted.")


def _versions(host: Host, plugin: Plugin) -> str:
    active = host.sources
    return ", ".join(f"{name} {active[name].version}" if name in active else name for name in plugin.sources)


def _plugin_json(host: Host, plugin: Plugin) -> dict[str, Any]:
    names = plugin.sources if plugin.status == "active" else []
    return {
        "name": plugin.name,
        "status": plugin.status,
        "reason": plugin.reason,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "origin": plugin.origin,
        "sources": [_source_json(host.sources[name]) for name in names],
    }


def _source_json(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "title": source.title,
        "version": source.version,
        "docs": source.docs,
        "folder": str(source.folder),
        "signed": bool(source.signatures),
    }
