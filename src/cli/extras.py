"""Names the extra to install when a command needs a library that is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

_SERVERS = "gateway"
_EXTRAS = {"genson": "testing"}
"""The extras of libraries that are not the servers'."""


@contextmanager
def extras_named() -> Iterator[None]:
    """End with exit code 2 if a library is missing, and say how to install it.

    `pip install springhead` installs all that the other commands import.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in ("", "springhead"):
            raise
        extra = _EXTRAS.get(library, _SERVERS)
        typer.echo(f"springhead: this command needs {library}: run pip install 'springhead[{extra}]'", err=True)
        sys.exit(2)
