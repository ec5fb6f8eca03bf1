"""`springhead check`: prints everything that is wrong with source folders."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ..core.errors import SpringheadError
from ..core.host import Host
from ..kit.check import CheckedFolder, check_folders
from .context import fail, make_host


def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE|FOLDER]...", help="Sources by name, or folders; by default all sources."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per finding.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let advice fail, too.")] = False,
) -> None:
    """Find the mistakes in source folders. Exit code 0: none, or only advice; 1: some; 2: usage error."""
    try:
        host = make_host()
        checked = check_folders(host, names or [])
    except SpringheadError as error:
        fail(error)
    if not names:
        _warn_of_inactive_plugins(host)
    for folder in checked:
        _print(folder, as_json=as_json)
    raise typer.Exit(1 if any(folder.findings if strict else folder.has_errors for folder in checked) else 0)


def _print(checked: CheckedFolder, *, as_json: bool) -> None:
    for finding in checked.findings:
        line = {"folder": str(checked.folder), **finding.as_json()}
        typer.echo(json.dumps(line) if as_json else str(finding))
    if not checked.findings and not as_json:
        typer.echo(f"{checked.name}: no problems")


def _warn_of_inactive_plugins(host: Host) -> None:
    for plugin in host.plugins:
        if plugin.status not in ("active", "disabled"):
            typer.echo(f"{plugin.id} is {plugin.status}: {plugin.reason}", err=True)
