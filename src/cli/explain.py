"""`springhead explain`: shows which row each value of an event came from, and why others did not come out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from ..core.codec import encode
from ..core.errors import SpringheadError
from ..core.request import Request
from ..core.source import Source
from ..kit.case import find_case
from ..kit.explain.explain import ExplainedEvent, ExplainedRecord, Explainer
from ..kit.explain.row_trace import Trace
from ..kit.find_source import find_source
from ..kit.leaves import paths_overlap
from ..kit.quote import quote
from .call_options import Headers, Query, Settings, parse_settings, with_options
from .context import AsJson, fail
from .format import console, printable

_Part: TypeAlias = tuple[str, str]
"""A text and its style."""
_Line: TypeAlias = "tuple[int, *tuple[_Part, ...]]"
"""How far a line is indented, and its parts."""


def explain(  # noqa: PLR0913 - options
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|CASE|-", help="A request body, or a fixture: its folder or its name."),
    ],
    *,
    path: Annotated[
        str, typer.Option(metavar="PATH", help="Show only this path, of the events or of the record.")
    ] = "",
    settings: Settings = None,
    headers: Headers = None,
    query: Query = None,
    as_json: AsJson = False,
) -> None:
    """Say for every value of an event which row wrote it, and for every other value why it is in none.

    It shows secrets and personal data as the file holds them; redact masks only what events hold.
    """
    try:
        with redirect_stdout(sys.stderr):  # plugins may print
            _, found = find_source(source)
            request, config = _read(found, file)
            config |= parse_settings(found, settings)
            records = Explainer(found, config).explain(with_options(request, headers, query))
    except (SpringheadError, OSError) as error:
        fail(error)
    printer = _Printer(console(), path)
    for record in records:
        if as_json:
            line = {"file": str(found.folder / "mapping.json"), **msgspec.to_builtins(record)}
            sys.stdout.buffer.write(encode(line) + b"\n")
        else:
            printer.record(record)


def _read(source: Source, file: str) -> tuple[Request, dict[str, Any]]:
    if file == "-":
        return Request(sys.stdin.buffer.read()), {}
    if Path(file).is_file():
        return Request(Path(file).read_bytes()), {}
    case = find_case(source, file, Path())
    return case.request(), dict(case.config)


class _Printer:
    """Prints explanations; with a path, only what is at it or around it."""

    def __init__(self, output: Console, path: str) -> None:
        self._output = output
        self._path = path

    def record(self, record: ExplainedRecord) -> None:
        """Print what became of a record."""
        unused = [value for value in record.unused if self._shows(value.path)]
        events = [lines for event in record.events if (lines := self._event(event))]
        if self._path and not (unused or events):
            return
        line = "" if record.line is None else f"line {record.line} "
        reason = f": {record.reason}" if record.reason else ""
        self._print(0, (f"{line}{record.pointer or '/'} is {record.result}{reason}", "bold"))
        for rule in record.rules if not record.events else ():
            self._print(1, (f"rule {rule.label}", ""), (f"  {_place(rule.line)}: {rule.unmet}", "dim"))
        for depth, *parts in (line for lines in events for line in lines):
            self._print(depth, *parts)
        if unused:
            self._print(1, ("in no event", "bold"))
        for value in unused:
            where = "" if value.line is None else f"{_place(value.line)}: "
            shown = "null" if value.value is None else quote(value.value)
            self._print(2, (value.path, "yellow"), (f" {shown}", ""), (f"  {where}{value.reason}", "dim"))

    def _event(self, event: ExplainedEvent) -> list[_Line]:
        lines = [line for row in event.rows for line in self._row(row)]
        if self._path and not lines:
            return []
        added = "" if self._path else ", ".join(event.added)
        reason = f": no event, {event.reason}" if event.reason else ""
        heading: _Line = (1, (f"rule {event.rule}", "bold"), (f"  {_place(event.line)}{reason}", "dim"))
        return [heading, *lines, *([(2, (f"springhead adds {added}", "dim"))] if added else [])]

    def _row(self, row: Trace) -> Iterator[_Line]:
        is_read = any(self._shows(read.path) for read in row.reads)
        wrote = {path: value for path, value in row.wrote.items() if is_read or self._shows(path)}
        for path, value in wrote.items():
            yield 2, (path, "green"), (f" = {quote(value)}", "")
        if not wrote:
            if not (self._path and row.reason and (is_read or any(map(self._shows, row.to)))):
                return
            yield 2, (", ".join(row.to), "yellow"), (f" is not written: {row.reason}", "")
        yield 3, (_place(row.line), "cyan"), (f"  {_reads(row)}", "")
        for change in row.changes:
            yield 4, (f"{change.word}: {quote(change.after)}", "dim")
        for number, element in enumerate(row.elements):
            for inner in element:
                if inner.wrote:
                    places = ", ".join(f"{number}.{path}" for path in inner.wrote)
                    yield 4, (f"{places}  ", "dim"), (_place(inner.line), "cyan"), (f"  {_steps(inner)}", "dim")

    def _shows(self, path: str) -> bool:
        return not self._path or paths_overlap(path, self._path)

    def _print(self, depth: int, *parts: _Part) -> None:
        shown = [(printable(text), style) for text, style in parts]
        self._output.print(Text("  " * depth) + Text.assemble(*shown))


def _place(line: int) -> str:
    return f"mapping.json:{line}"


def _reads(row: Trace) -> str:
    return ", ".join(f"{read.path} {quote(read.value)}" for read in row.reads) or "constant"


def _steps(row: Trace) -> str:
    return ", ".join([_reads(row), *(f"{change.word}: {quote(change.after)}" for change in row.changes)])
