"""`springhead docs`: writes the page of a source."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import SpringheadError
from ..kit.find_source import find_source
from .context import fail


def docs(
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    *,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the page is written; stdout by default.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if FILE is not what would be written.")
    ] = False,
) -> None:
    """Write the page of a source as Markdown: its events, fields, ids, settings and a sample.

    Everything on it is from the source's files and fixtures.
    Exit code 0: written, or with --check up to date; 1: FILE is stale; 2: usage error.
    """
    from ..kit.page.page import write_page  # noqa: PLC0415 - only this command needs it

    if check and output is None:
        fail("--check compares a file: name it with --output FILE")
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            _, found = find_source(source)
            page = write_page(found, Path()).encode()
        current = output.read_bytes() if output is not None and output.exists() else None
        if check and page != current:
            state = "is stale" if output is not None and current is not None else "is missing"
            typer.echo(f"{output} {state}: run springhead docs {source} --output {output}", err=True)
            raise typer.Exit(1)
        if output is None:
            sys.stdout.buffer.write(page)
        elif page != current:
            output.write_bytes(page)
    except (SpringheadError, OSError) as error:
        fail(error)
