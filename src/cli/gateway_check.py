"""Prints what `springhead gateway check` finds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from .format import printable

if TYPE_CHECKING:
    from ..gateway.check import CheckResult


def print_result(result: CheckResult, *, as_json: bool) -> None:
    """Print one result: a line for people, or a JSON object."""
    if as_json:
        typer.echo(json.dumps(asdict(result)))
        return
    advice = f" - {result.advice}" if result.advice else ""
    typer.echo(f"{result.status:<7}  {result.check:<11}  {printable(result.reason + advice)}")
