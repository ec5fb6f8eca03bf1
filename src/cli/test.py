"""`springhead test`: runs the fixtures of sources, and shows what differs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ..core.errors import SpringheadError
from ..kit.case import Case
from ..kit.suite import Failure, Suite, find_suites
from .context import AsJson, fail
from .format import console, plural, printable

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}


def run_tests(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE|FOLDER]...",
            help="Sources by name or package, or folders; by default all sources that have fixtures.",
        ),
    ] = None,
    *,
    update: Annotated[
        bool, typer.Option("--update", help="Write the outcomes to expected.json; read them before you commit.")
    ] = False,
    pattern: Annotated[
        str, typer.Option("-k", metavar="CASE", help="Run only the cases with this in their names.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run the fixtures of sources. Exit code 0: all are as expected; 1: some are not; 2: usage error."""
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            suites = find_suites(names or [], Path())
            runs = [(suite, case) for suite in suites for case in suite.cases if pattern in case.name]
            checked = list(_run(runs, update=update))
    except (SpringheadError, OSError) as error:
        fail(error)
    if not runs:
        fail(f"no case has {pattern!r} in its name")
    for result in checked:
        if as_json:
            _print_json(*result)
        else:
            _print(*result)
    failed = sum(bool(failures) for _, failures, _ in checked)
    if not as_json:
        typer.echo(f"{plural(len(runs) - failed, 'case')} passed, {failed} failed", err=True)
    raise typer.Exit(1 if failed else 0)


def _run(runs: Sequence[tuple[Suite, Case]], *, update: bool) -> Iterator[tuple[Case, list[Failure], bool]]:
    """Check the cases, with a progress bar on a terminal; says of each whether its outcome was written."""
    errors = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=len(runs))
        for suite, case in runs:
            progress.update(task, description=case.name)
            written = False
            with suppress(SpringheadError):  # its failures say what is wrong with it
                written = update and suite.write(case)
            yield case, suite.failures(case), written
            progress.advance(task)


def _print(case: Case, failures: Iterable[Failure], updated: bool) -> None:
    output = console()
    if updated:
        output.print(f"{case.name}: written")
    for failure in failures:
        output.print(Text(f"{case.name}: {failure.promise}", style="bold"))
        for line in failure.difference.splitlines():
            output.print(Text(f"  {printable(line)}", style=_COLOURS.get(line[:1], "")))


def _print_json(case: Case, failures: Iterable[Failure], updated: bool) -> None:
    broken = [{"promise": failure.promise, "difference": failure.difference} for failure in failures]
    line = {"case": case.name, "folder": str(case.folder), "updated": updated, "failures": broken}
    typer.echo(json.dumps(line, ensure_ascii=False))
