"""`springhead transform`: turns request bodies in files into events, one JSON line each."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple

import typer

from ..core.codec import encode
from ..core.errors import SpringheadError
from ..core.outcome import Outcome
from ..core.request import Request
from ..kit.case import Case
from ..kit.find_source import find_source
from .call_options import Headers, Query, Settings, parse_settings, with_options
from .context import fail
from .format import plural
from .input_files import open_input, progress_bar, read_input


class _Input(NamedTuple):
    """A body to read, and what came with it."""

    file: BinaryIO
    request: Request
    config: dict[str, Any]


def transform(  # noqa: PLR0913 - options
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|FIXTURE|-]...",
            help="Request bodies to read, gzipped or not, or folders of fixtures; stdin by default, and for -.",
        ),
    ] = None,
    *,
    settings: Settings = None,
    headers: Headers = None,
    query: Query = None,
    rejected: Annotated[
        Path | None, typer.Option(help="A file for rejections, as JSON lines; stderr by default.")
    ] = None,
) -> None:
    """Turn request bodies into events, one JSON line each on stdout; files of any size are streamed.

    Exit code 0: every record became an event or a drop; 1: some were rejected; 2: usage error.
    """
    counts: Counter[str] = Counter()
    events = sys.stdout.buffer
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr))  # plugins may print
        try:
            host, found = find_source(source)
            config = parse_settings(found, settings)
            inputs = [_open(path, stack) for path in files or ["-"]]
            if rejected and any(_is_same_file(rejected, input_.file) for input_ in inputs):
                fail(f"--rejected {rejected} is also an input: choose another file")
            rejections = stack.enter_context(rejected.open("wb")) if rejected else sys.stderr.buffer
            progress = stack.enter_context(progress_bar())
            for file, came_with, its_config in inputs:
                request = with_options(came_with, headers, query)
                body = read_input(file, progress)
                for outcome in host.stream(found.name, body, request, {**its_config, **config}):
                    _write(outcome, file.name, events, rejections)
                    _count(outcome, counts)
        except (SpringheadError, OSError) as error:
            fail(error)
        events.flush()
    typer.echo(_summary(counts), err=True)
    raise typer.Exit(1 if counts["rejected"] else 0)


def _open(path: str, stack: ExitStack) -> _Input:
    """Open a body, or that of a fixture with what came with it."""
    if not Path(path).is_dir():
        return _Input(open_input(path, stack), Request(), {})
    case = Case("", Path(path))
    return _Input(open_input(str(case.body_path), stack), case.request(b""), case.config)


def _is_same_file(path: Path, file: BinaryIO) -> bool:
    return path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno()))


def _write(outcome: Outcome, file: str, events: BinaryIO, rejections: BinaryIO) -> None:
    events.writelines(encode(event) + b"\n" for event in outcome.events)
    rejections.writelines(
        encode({"file": file, **rejection.as_json()}) + b"\n" for rejection in outcome.rejections
    )
    if outcome.reply is not None:
        typer.echo(b"reply: " + outcome.reply.body, err=True)


def _count(outcome: Outcome, counts: Counter[str]) -> None:
    counts.update(event["type"] for event in outcome.events)
    counts["rejected"] += len(outcome.rejections)
    counts["dropped"] += outcome.dropped
    counts["answered"] += outcome.reply is not None


def _summary(counts: Counter[str]) -> str:
    """`3 events (1 identify, 2 track), 0 rejected, 0 dropped`."""
    by_type = {name: n for name, n in counts.items() if name not in ("rejected", "dropped", "answered")}
    types = ", ".join(f"{count} {type_}" for type_, count in by_type.items())
    events = plural(sum(by_type.values()), "event") + (f" ({types})" if types else "")
    answered = f", {counts['answered']} answered" if counts["answered"] else ""
    return f"{events}, {counts['rejected']} rejected, {counts['dropped']} dropped{answered}"
