"""`springhead coverage`: says what the fixtures of a source run, and what of their records is in no event."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import SpringheadError
from ..core.json_value import pointer
from ..kit.coverage.coverage import Coverage, measure
from ..kit.coverage.point import Point
from ..kit.suite import find_suites
from .context import AsJson, fail
from .format import console, printable

_KINDS = {"rule": "rules", "row": "rows", "branch": "branches", "entry": "table entries"}


def coverage(
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    *,
    fail_under: Annotated[
        float, typer.Option(metavar="N", min=0, max=100, help="Exit with 1 below this percentage.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Say what the fixtures of a source do not run: rules, rows, branches and table entries.

    Exit code 0: enough is run; 1: less than --fail-under; 2: usage error.
    """
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            measured = [measure(suite) for suite in find_suites([source], Path())]
    except (SpringheadError, OSError) as error:
        fail(error)
    for covered in measured:
        if as_json:
            typer.echo(json.dumps(covered.as_json(), ensure_ascii=False))
        else:
            _print(covered)
    low = [covered for covered in measured if covered.percent < fail_under]
    for covered in low:
        reason = (
            f"the fixtures run {covered.percent:g} % of {covered.source}, less than --fail-under {fail_under:g}"
        )
        typer.echo(f"springhead: {reason}", err=True)
    raise typer.Exit(1 if low else 0)


def _print(covered: Coverage) -> None:
    output = console()
    counts = {name: covered.counts(kind) for kind, name in _KINDS.items()}
    parts = [f"{ran} of {wanted} {name}" for name, (ran, wanted) in counts.items() if wanted]
    output.print(f"{covered.source}: {covered.percent:g} % run: {', '.join(parts)}")
    for point in covered.missed:
        output.print(f"  {printable(str(point))}")
    for waiver in covered.unused_waivers:
        output.print(f"  {printable(waiver.unused)}")
    _print_paths("waived", [(_place(point), reason) for point, reason in covered.waived])
    undecided = "undecided: nothing reads it, and unmapped in source.json does not list it"
    _print_paths(undecided, [(path.path, path.case) for path in covered.unread if not path.reason])
    _print_paths("left out on purpose", [(path.path, path.reason) for path in covered.unread if path.reason])


def _place(point: Point) -> str:
    file, steps, _ = point.key
    return f"{file}:{point.line} {pointer(*steps)}"


def _print_paths(heading: str, paths: list[tuple[str, str]]) -> None:
    output = console()
    if paths:
        output.print(f"  {heading}")
    for path, remark in paths:
        output.print(f"    {printable(path)}  {printable(remark)}")
