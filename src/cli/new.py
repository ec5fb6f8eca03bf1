"""`springhead new`: drafts a source from captured bodies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import SpringheadError
from ..core.request import Request
from .call_options import Headers, with_options
from .context import fail
from .format import console, printable


def new(
    name: Annotated[str, typer.Argument(help="The source's name: lower-case letters, digits, - and _.")],
    bodies: Annotated[
        list[Path],
        typer.Option("--from", metavar="BODY", help="A file with a body as posted; may be repeated."),
    ],
    *,
    headers: Headers = None,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Where the new folder is made.")] = Path(),
    package: Annotated[
        bool, typer.Option("--package", help="Make a distribution that can be installed.")
    ] = False,
) -> None:
    """Draft a source from bodies as a vendor posts them, with fixtures free of people and secrets.

    What is a guess is said. Read the fixtures before you publish them. Nothing is overwritten.
    """
    from ..kit.new.captured import read_captured  # noqa: PLC0415 - only this command needs them
    from ..kit.new.draft import draft_source  # noqa: PLC0415
    from ..kit.new.write import is_name, write_source  # noqa: PLC0415

    if not is_name(name):
        fail(f"{name!r} is not a name: use lower-case letters, digits, - and _")
    try:
        captured = read_captured(bodies, with_options(Request(), headers, None))
        draft = draft_source(name, captured)
        folder = write_source(draft, into, package=package)
    except (SpringheadError, OSError) as error:
        fail(error)
    output = console()
    for guess in draft.guesses:
        output.print(f"guess: {printable(guess)}")
    output.print(f"{folder}: written")
