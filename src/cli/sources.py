"""`springhead sources`: every source and plugin found, and why one is not active."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..core.discovery import Plugin
from ..core.errors import PluginFailure
from ..core.host import Host
from .context import Folders
from .misuse import misuse


def sources(
    *,
    folder: Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """List the sources and plugins: status, version, where from, and why one is not active."""
    try:
        host = Host(folders=folder or [])
    except PluginFailure as error:
        misuse(error)
    if as_json:
        typer.echo(json.dumps({"plugins": [_described(host, plugin) for plugin in host.plugins]}, indent=2))
        return
    table = Table("plugin", "status", "sources", "from", box=None, pad_edge=False)
    for plugin in host.plugins:
        origin = f"{plugin.distribution} {plugin.version}" if plugin.distribution else plugin.origin
        table.add_row(plugin.name, plugin.status, _versions(host, plugin), origin)
    console = Console(soft_wrap=True, markup=False)
    console.print(table)
    for plugin in host.plugins:
        if plugin.reason:
            console.print(f"\n{plugin.id} is {plugin.status}: {plugin.reason}", markup=False, highlight=False)


def _versions(host: Host, plugin: Plugin) -> str:
    active = host.sources
    return ", ".join(f"{name} {active[name].version}" if name in active else name for name in plugin.sources)


def _described(host: Host, plugin: Plugin) -> dict[str, Any]:
    active = host.sources
    return {
        "name": plugin.name,
        "status": plugin.status,
        "reason": plugin.reason,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "origin": plugin.origin,
        "sources": [
            {
                "name": source.name,
                "title": source.title,
                "version": source.version,
                "docs": source.docs,
                "folder": str(source.folder),
            }
            for name in plugin.sources
            if plugin.status == "active" and (source := active[name])
        ],
    }
