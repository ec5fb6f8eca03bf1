"""`springhead mutate`: shows which changes of a source no fixture notices, and which fixture would."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ..core.errors import SpringheadError
from ..kit.mutate.mutate import Mutation, Verdict
from ..kit.suite import find_suites
from .context import AsJson, fail
from .format import console, plural, printable


def mutate(
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Change a source in small ways, one at a time, and show the changes that no fixture notices.

    Exit code 0: each is noticed, or waived with a reason; 1: some are not; 2: usage error.
    """
    failed = False
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            results = [
                (mutation, list(_run(mutation))) for mutation in map(Mutation, find_suites([source], Path()))
            ]
    except (SpringheadError, OSError) as error:
        fail(error)
    for mutation, verdicts in results:
        unexplained = [verdict for verdict in verdicts if verdict.is_unexplained]
        if as_json:
            _print_json(mutation, verdicts)
        else:
            _print(mutation, unexplained)
        noticed = sum(bool(verdict.noticed_by) for verdict in verdicts)
        waived = len(verdicts) - noticed - len(unexplained)
        counts = f"{noticed} noticed, {waived} waived, {len(unexplained)} not noticed"
        if not as_json:
            typer.echo(f"{mutation.source}: {plural(len(verdicts), 'mutant')}, {counts}", err=True)
        failed = failed or bool(unexplained or mutation.unused_waivers)
    raise typer.Exit(1 if failed else 0)


def _run(mutation: Mutation) -> Iterator[Verdict]:
    """Run the mutants, with a progress bar on a terminal."""
    errors = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as progress:
        task = progress.add_task(mutation.source, total=len(mutation.mutants))
        for verdict in mutation.verdicts():
            progress.advance(task)
            if verdict is not None:
                yield verdict


def _print(mutation: Mutation, unexplained: list[Verdict]) -> None:
    output = console()
    for verdict in unexplained:
        output.print(printable(str(verdict)))
    for waiver in mutation.unused_waivers:
        output.print(printable(waiver.unused))


def _print_json(mutation: Mutation, verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if not verdict.noticed_by:
            line = {"source": mutation.source, **verdict.as_json()}
            typer.echo(json.dumps(line, ensure_ascii=False))
    for waiver in mutation.unused_waivers:
        line = {"source": mutation.source, "code": "unused-waiver", "waived": waiver.code, "at": waiver.at}
        typer.echo(json.dumps(line, ensure_ascii=False))
