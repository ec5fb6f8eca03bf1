"""`springhead transform`: turns request bodies in files into events, one JSON line each."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from ..core.codec import encode
from ..core.errors import SpringheadError
from ..core.host import Host
from ..core.outcome import Outcome
from ..core.suggest import suggest
from .context import fail
from .format import plural
from .input_files import open_input, progress_bar, read_input


def transform(
    source: Annotated[str, typer.Argument(help="A source's name, or the path of a source folder.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|-]...", help="Request bodies to read, gzipped or not; stdin by default, and for -."
        ),
    ] = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the source; may be repeated."),
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="A file for rejections, as JSON lines; stderr by default.")
    ] = None,
) -> None:
    """Turn request bodies into events, one JSON line each on stdout; files of any size are streamed.

    Exit code 0: every record became an event or a drop; 1: some were rejected; 2: usage error.
    """
    config = dict(map(_parse_setting, settings or []))
    counts: Counter[str] = Counter()
    events = sys.stdout.buffer
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr))  # plugins may print
        try:
            host, name = _host_and_name(source)
            _check_setting_names(host, name, config)
            inputs = [open_input(path, stack) for path in files or ["-"]]
            if rejected and any(_is_same_file(rejected, file) for file in inputs):
                fail(f"--rejected {rejected} is also an input: choose another file")
            rejections = stack.enter_context(rejected.open("wb")) if rejected else sys.stderr.buffer
            progress = stack.enter_context(progress_bar())
            for file in inputs:
                for outcome in host.stream(name, read_input(file, progress), config=config):
                    _write(outcome, file.name, events, rejections)
                    _count(outcome, counts)
        except (SpringheadError, OSError) as error:
            fail(error)
        events.flush()
    typer.echo(_summary(counts), err=True)
    raise typer.Exit(1 if counts["rejected"] else 0)


def _host_and_name(source: str) -> tuple[Host, str]:
    """The host, and the source's name. A folder gets a host of its own, so that no other plugin matters."""
    if "/" not in source and not Path(source, "source.json").exists():
        host = Host()
        if source in host.sources or not Path(source).is_dir():
            return host, source
    host = Host(folders=[source], environ={"SPRINGHEAD_PLUGINS": source})
    plugin = host.plugins[-1]
    if plugin.status != "active":
        fail(plugin.reason)
    return host, plugin.sources[0]


def _check_setting_names(host: Host, source: str, config: dict[str, Any]) -> None:
    if source not in host.sources:
        return  # the host says so
    settings = host.sources[source].settings
    for name in config.keys() - set(settings):
        fail(f"source {source!r} has no setting {name!r}: {suggest(name, list(settings))}")


def _parse_setting(text: str) -> tuple[str, Any]:
    """`NAME=VALUE`, whose value is JSON if it parses as JSON, else text."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        fail(f"--set {text!r} is not a setting: write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


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
