"""`springhead gateway`: a first settings file, how a gateway is, and what it accepts just now."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from ..core.source import Source
from ..core.suggest import suggest
from . import status as status_of
from .context import CONFIG, AsJson, Config, Folders, settings_of, with_store
from .hosting import host_of
from .misuse import misuse
from .tail import follow, written

_LONGEST_NAME = 100

gateway = typer.Typer(
    help="Set up and watch a gateway; `springhead serve gateway` runs it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@gateway.command(
    short_help="Write a first settings file with a write key.",
    epilog="Example: springhead gateway init --url https://hooks.example.com",
)
def init(
    *,
    type_: Annotated[
        str | None,
        typer.Option("--type", metavar="SOURCE", help="What the sender is; needed if there are more."),
    ] = None,
    name: Annotated[str, typer.Option(help="What you call it; the type if not given.")] = "",
    file: Annotated[
        Path, typer.Option(metavar="FILE", help="The file to write; it is never replaced.")
    ] = CONFIG,
    url: Annotated[str, typer.Option(help="Where senders reach the gateway.")] = "",
    folder: Folders = None,
) -> None:
    """Write a first settings file with a fresh write key, and say what to paste at the sender.

    Exit code 0: written; 2: misuse.
    """
    from ..gateway.settings import starter_settings  # noqa: PLC0415

    source = _source(type_, folder)
    if len(name) > _LONGEST_NAME or not name.isprintable():
        misuse(f"--name takes up to {_LONGEST_NAME} characters that can be seen")
    address = _public(url)
    text = starter_settings(source.name, name, [str(Path(one).resolve()) for one in folder or []])
    _write(file, text)
    key = tomllib.loads(text)["source"][0]["write_key"][0]
    typer.echo(f"{file} is written, with one source and a write key of its own; only you can read it.\n")
    typer.echo(
        f"This is the URL for {source.title}. It holds the write key: pass it on as you do a password.\n"
    )
    typer.echo(f"  {address}/v1/webhook?writeKey={key}\n")
    if not url:
        typer.echo("Only this machine reaches that address. Where senders are elsewhere, put a proxy with TLS")
        typer.echo("before the gateway, and give its address as --url.\n")
    for sentence in (*source.setup, *([f"See {source.docs}"] if source.docs else [])):
        typer.echo(sentence)
    typer.echo(f"\nThen start the gateway:\n\n  springhead serve gateway --config {shlex.quote(str(file))}")


def _source(type_: str | None, folders: list[str] | None) -> Source:
    sources = host_of(folders or []).sources
    names = sorted(sources)
    if type_ is None and len(names) != 1:
        misuse(f"which --type is the sender? One of: {', '.join(names)}" if names else "there are no sources")
    found = sources.get(type_ or names[0])
    if found is None:
        misuse(f"--type {type_!r} is no active source: {suggest(str(type_), names)}")
    return found


def _public(url: str) -> str:
    from ..gateway.settings.model import GatewaySettings  # noqa: PLC0415

    if not url:
        here = GatewaySettings()
        return f"http://{here.host}:{here.port}"
    if not url.startswith(("https://", "http://")) or any(mark in url for mark in "?#@ "):
        misuse(f"--url {url!r} is no address: write it as in https://hooks.example.com")
    return url.rstrip("/")


def _write(file: Path, text: str) -> None:
    try:
        with os.fdopen(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as new:
            new.write(text)
    except FileExistsError:
        misuse(f"{file} is there already, and stays: name another with --file")
    except OSError as error:
        misuse(error)


@gateway.command(
    short_help="Show what waits, and whether all is well.", epilog="Example: springhead gateway status --json"
)
def status(*, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Show what a gateway keeps, whether it answers, and whether the destination takes what it sends.

    What it keeps is read from its store, so always there.

    Exit code 0: it is ready to keep what is posted; 1: it is not; 2: misuse.
    """
    settings = settings_of(config)
    counts = with_store(settings, lambda store: store.counts())
    address, delivery = status_of.address(settings), status_of.delivery_status(settings)
    said = status_of.ready(settings)
    if as_json:
        typer.echo(json.dumps(status_of.report(settings, counts, address, said, delivery), indent=2))
    else:
        status_of.show(settings, counts, f"{address} {'is ready' if said is None else said}", delivery)
    raise typer.Exit(0 if said is None else 1)


@gateway.command(
    short_help="Show events as they are accepted.",
    epilog="Example: springhead gateway tail --json | jq .events[].event",
)
def tail(
    *,
    config: Config = CONFIG,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Of this source only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a request.")] = False,
) -> None:
    """Show events as they are accepted, secrets and personal data masked, until Ctrl-C.

    They come from the server's admin address: first those it remembers, and again when it is restarted.
    """
    settings = settings_of(config)
    names = [one.name for one in settings.source]
    if source is not None and source not in names:
        misuse(f"no source is called {source!r}: {suggest(source, names)}")
    try:
        for accepted in follow(settings):
            if source in (None, accepted["source"]):
                written(accepted, max(map(len, names)), as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
