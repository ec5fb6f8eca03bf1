"""`springhead play`: opens a page to write a source on."""

from __future__ import annotations

import sys
import webbrowser
from contextlib import redirect_stdout
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from ..core.errors import SpringheadError
from .context import fail


def play(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[SOURCE|FOLDER]", help="A source's name or folder; by default you choose."),
    ] = None,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 is any.")] = 8090,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Open a page to write a source on: the body, the files, and what comes out as you type.

    Only this machine can reach it, and files are written only when you save. Ctrl-C ends it.
    """
    from ..kit.play.server import serve_playground  # noqa: PLC0415 - it needs an extra
    from ..kit.play.sources import find_workspaces, only_writable, open_source  # noqa: PLC0415

    here = Path.cwd()
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            sources = {source: open_source(source, here)} if source else find_workspaces(here)
        start = source or only_writable(sources)
        serve_playground(sources, start, here, port=port, on_start=lambda url: _show(url, browser=browser))
    except (SpringheadError, OSError) as error:
        fail(error)


def _show(url: str, *, browser: bool) -> None:
    typer.echo(f"The playground is at {url}")
    typer.echo("Press Ctrl-C to end it.", err=True)
    if browser:
        Thread(
            target=webbrowser.open, args=(url,), daemon=True
        ).start()  # a browser of the terminal never returns
