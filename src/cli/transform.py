"""`springhead transform`: bodies in, events out as JSON lines."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn

from ..core.codec import encode
from ..core.errors import SpringheadError
from ..core.host import Host
from ..core.outcome import Outcome
from ..core.suggest import suggest
from .misuse import misuse


def transform(
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE|-]...", help="Bodies to read; - and none are stdin.")
    ] = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the source; may be repeated."),
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="Where rejections go, as JSON lines; stderr by default.")
    ] = None,
) -> None:
    """Turn request bodies into events, one JSON line each on stdout; long files stream.

    Exit code 0: all records became events or drops; 1: some were rejected; 2: misuse.
    """
    config = dict(map(_setting, settings or []))
    count: Counter[str] = Counter()
    with ExitStack() as stack:
        try:
            host, name = _host(source)
            _known(host, name, config)
            opened = [_opened(path, stack) for path in files or ["-"]]
            if rejected and any(_is_same(rejected, file) for file in opened):
                misuse(f"--rejected {rejected} is one of the files to read: name another")
            rejections = stack.enter_context(rejected.open("wb")) if rejected else sys.stderr.buffer
            progress = stack.enter_context(_progress())
            for file in opened:
                for outcome in host.stream(name, _watched(file, progress), config=config):
                    _write(outcome, file.name, rejections, count)
        except (SpringheadError, OSError) as error:
            misuse(error)
        sys.stdout.buffer.flush()
    _summarise(count)
    raise typer.Exit(1 if count["rejected"] else 0)


def _host(source: str) -> tuple[Host, str]:
    """The host to ask, and the source's name; a folder by path is tried on its own, whatever is installed."""
    if "/" not in source and not Path(source, "source.json").exists():
        return Host(), source
    host = Host(folders=[source], environ={"SPRINGHEAD_PLUGINS": source})
    plugin = host.plugins[-1]
    if plugin.status != "active":
        misuse(plugin.reason)
    return host, plugin.sources[0]


def _known(host: Host, source: str, config: dict[str, Any]) -> None:
    settings = host.sources[source].settings if source in host.sources else tuple(config)
    for name in config.keys() - set(settings):
        misuse(f"source {source!r} has no setting {name!r}: {suggest(name, list(settings))}")


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        misuse(f"--set {text!r} is no setting: write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _is_same(path: Path, file: BinaryIO) -> bool:
    return path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno()))


def _opened(path: str, stack: ExitStack) -> BinaryIO:
    return sys.stdin.buffer if path == "-" else stack.enter_context(Path(path).open("rb"))


def _write(outcome: Outcome, file: str, rejections: BinaryIO, count: Counter[str]) -> None:
    out = sys.stdout.buffer
    for event in outcome.events:
        out.write(encode(event) + b"\n")
        count[event["type"]] += 1
    rejections.writelines(
        encode({"file": file, **rejection.as_json()}) + b"\n" for rejection in outcome.rejections
    )
    if outcome.reply is not None:
        typer.echo(b"reply: " + outcome.reply.body, err=True)
        count["reply"] += 1
    count["rejected"] += len(outcome.rejections)
    count["dropped"] += outcome.dropped


def _summarise(count: Counter[str]) -> None:
    kinds = {kind: number for kind, number in count.items() if kind not in ("rejected", "dropped", "reply")}
    detail = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    replies = f", {count['reply']} answered" if count["reply"] else ""
    events = sum(kinds.values())
    typer.echo(
        f"{events} event{'' if events == 1 else 's'}{f' ({detail})' if detail else ''},"
        f" {count['rejected']} rejected, {count['dropped']} dropped{replies}",
        err=True,
    )


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def _watched(file: BinaryIO, progress: Progress) -> BinaryIO:
    """The file itself, or on a terminal one that moves the bar as it is read."""
    if progress.disable:
        return file
    size = None if file is sys.stdin.buffer else Path(file.name).stat().st_size
    return _Watched(file, progress, progress.add_task("", total=size))  # type: ignore[return-value] # only read() is called


class _Watched:
    def __init__(self, file: BinaryIO, progress: Progress, task: TaskID) -> None:
        self._file, self._progress, self._task = file, progress, task

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._progress.advance(self._task, len(data))
        return data
