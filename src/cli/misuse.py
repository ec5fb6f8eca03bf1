"""How a command ends when it was called wrongly: one line on stderr, exit code 2."""

from __future__ import annotations

import os
from typing import NoReturn

import typer


def misuse(reason: object) -> NoReturn:
    """Say why, and end with exit code 2; the system's own errors with the file that they are about."""
    if isinstance(reason, OSError) and reason.filename and reason.strerror:
        reason = f"{os.fsdecode(reason.filename)}: {reason.strerror.lower()}"
    typer.echo(f"springhead: {reason}", err=True)
    raise typer.Exit(2)
