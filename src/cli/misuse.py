"""How a command ends when it was called wrongly: one line on stderr, exit code 2."""

from __future__ import annotations

from typing import NoReturn

import typer


def misuse(reason: object) -> NoReturn:
    """Say why, and end with exit code 2."""
    typer.echo(f"springhead: {reason}", err=True)
    raise typer.Exit(2)
