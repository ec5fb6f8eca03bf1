"""The host of a command: source folders in, a host that has them out, or the command's end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from ..core.discovery import Plugin
from ..core.errors import PluginFailure
from ..core.host import Host
from .misuse import misuse


def host_of(folders: Sequence[str | Path], **more: Any) -> Host:
    """A host with these folders, which are meant to be there: one that is not active ends the command.

    Of other plugins that are not active a line on stderr tells; `more` is for the host.
    """
    try:
        host = Host(folders=folders, **more)
    except PluginFailure as error:
        misuse(error)
    idle = [plugin for plugin in host.plugins if plugin.status != "active"]
    for plugin in idle:
        if not plugin.distribution:
            misuse(_told(plugin))
        if plugin.status != "disabled":
            typer.echo(f"springhead: {_told(plugin)}", err=True)
    return host


def _told(plugin: Plugin) -> str:
    what = "plugin" if plugin.distribution else "source folder"
    return f"{what} {plugin.id} is not active ({plugin.status}): {plugin.reason}"
