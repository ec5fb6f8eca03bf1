"""`springhead check`: everything that is wrong with source folders, as loading them would say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import PluginFailure
from ..core.host import Host
from ..core.source import check_source
from ..core.source_file import Problem
from ..core.suggest import suggest
from .context import fail


def check(
    which: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE|FOLDER]...", help="Sources by name or folder; all there are by default."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a problem.")] = False,
) -> None:
    """Find all problems of source folders. Exit code 0: none; 1: some; 2: misuse."""
    found = 0
    for name, folder in _folders(which or []).items():
        problems = check_source(folder)
        found += len(problems)
        for problem in problems:
            typer.echo(_as_json(folder, problem) if as_json else f"{folder}/{problem}")
        if not problems and not as_json:
            typer.echo(f"{name}: no problems")
    raise typer.Exit(1 if found else 0)


def _folders(which: list[str]) -> dict[str, Path]:
    try:
        host = Host()
    except PluginFailure as error:
        fail(error)
    installed = {name: source.folder for name, source in host.sources.items()}
    if not which:
        for plugin in host.plugins:
            if plugin.status not in ("active", "disabled"):
                typer.echo(f"{plugin.id} is {plugin.status}: {plugin.reason}", err=True)
        return dict(sorted(installed.items()))
    folders = {}
    for one in which:
        folder = installed.get(one, Path(one))
        if not folder.is_dir():
            fail(f"{one!r} is no source and no folder: {suggest(one, sorted(installed))}")
        folders[one] = folder
    return folders


def _as_json(folder: Path, problem: Problem) -> str:
    return json.dumps({"folder": str(folder), **dataclasses.asdict(problem)})
