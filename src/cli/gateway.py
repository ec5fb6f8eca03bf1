"""`springhead gateway`: writes a first settings file, checks and shows a gateway, and follows its events."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import tomllib
from pathlib import Path
from textwrap import fill
from typing import Annotated

import typer

from ..core.source import Source
from ..core.suggest import suggest
from .context import (
    CONFIG,
    AsJson,
    Config,
    Folders,
    check_source_name,
    fail,
    load_host,
    log_to_stderr,
    make_host,
    read_settings,
    with_store,
)
from .gateway_check import print_result
from .gateway_move import move_store
from .status import print_status, server_status, status_json
from .tail import follow, print_request

_MAX_NAME_LENGTH = 100
_LINE_LENGTH = 88
_LOCAL_NATS = "nats://127.0.0.1:4222"
"""The address of a NATS server on this machine, unless it is told otherwise."""

gateway = typer.Typer(
    help="Set up and watch a gateway; `springhead serve gateway` runs it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@gateway.command(
    short_help="Write a first settings file with a write key.",
    epilog="Example: springhead gateway init --type auth0 --url https://hooks.example.com",
)
def init(  # noqa: PLR0913 - options, each with a default
    *,
    type_: Annotated[
        str | None,
        typer.Option("--type", metavar="SOURCE", help="The kind of sender; on a terminal you are asked."),
    ] = None,
    name: Annotated[str, typer.Option(help="Your name for this sender; its type by default.")] = "",
    file: Annotated[
        Path, typer.Option(metavar="FILE", help="The file to write; an existing one is not replaced.")
    ] = CONFIG,
    url: Annotated[str, typer.Option(help="The URL at which senders reach the gateway.")] = "",
    store: Annotated[
        str,
        typer.Option(metavar="sqlite|nats|URL", help="Where events are kept: a file, or a NATS cluster."),
    ] = "sqlite",
    folder: Folders = None,
) -> None:
    """Write a first settings file with a new write key, and say what to enter at the sender.

    Exit code 0: written; 2: usage error.
    """
    from ..gateway.settings import starter_settings  # noqa: PLC0415
    from ..gateway.settings.starter import kept_in  # noqa: PLC0415

    source = _choose_source(type_, folder)
    if len(name) > _MAX_NAME_LENGTH or not name.isprintable():
        fail(f"--name takes up to {_MAX_NAME_LENGTH} printable characters")
    webhook, store_url = _webhook_url(url), _store_url(store)
    folders = [_path_from(file, one) for one in folder or []]
    text = starter_settings(source.name, name, folders, url, source.on_rejection.answer)
    if store_url:
        text = kept_in(text, store_url, replicas=1 if store == "nats" else 3)
    _write_new(file, text)
    settings = tomllib.loads(text)
    key = settings["source"][0]["write_key"][0]
    delivered = settings["delivery"]["to"].removeprefix("file:")
    typer.echo(f"Wrote {file} with one source and a new write key. Only you can read the file.\n")
    typer.echo(f"Give {source.title} this URL. It contains the write key, so treat it like a password:\n")
    typer.echo(f"  {webhook}?writeKey={key}\n")
    if not url:
        typer.echo("Only this machine can reach that address. For senders elsewhere, put a proxy with TLS")
        typer.echo("in front of the gateway, and write its URL into the file as public_url.\n")
    if source.signatures:
        typer.echo(f"{source.title} signs its webhooks: put the secret it shows into the file as")
        typer.echo("signing_secret, and forged ones are refused.\n")
    if source.on_rejection.reason:
        answer = "ok" if source.on_rejection.answer == "ok" else "an error"
        default = f"If every record of a call is rejected, the gateway answers {answer},"
        _echo_wrapped(f"{default} unless on_rejection in the file says otherwise. {source.on_rejection.reason}")
        typer.echo()
    for sentence in (*source.setup, *([f"See {source.docs}"] if source.docs else [])):
        _echo_wrapped(sentence)
    typer.echo(f"\nEvents are delivered to {delivered} until [delivery] in the file names a data plane.")
    if store_url:
        _echo_wrapped(
            f"They are kept in the NATS cluster at {store_url}. [store] in the file also has the keys for its "
            "password, credentials and TLS."
        )
    typer.echo(f"\nThen start the gateway:\n\n  springhead serve gateway --config {shlex.quote(str(file))}")


def _echo_wrapped(text: str) -> None:
    typer.echo(fill(text, _LINE_LENGTH, break_long_words=False, break_on_hyphens=False))


def _choose_source(type_: str | None, folders: list[str] | None) -> Source:
    """The source of this type; without a type the only one there is, or the one chosen on a terminal."""
    sources = load_host(folders or []).sources
    names = sorted(sources)
    if type_ is None:
        if not names:
            fail("there are no sources")
        return sources[names[0] if len(names) == 1 else _ask(sources)]
    if type_ not in sources:
        fail(f"--type {type_!r} is not an active source: {suggest(type_, names)}")
    return sources[type_]


def _ask(sources: dict[str, Source]) -> str:
    """The name of the source that is chosen from a list."""
    from rich.prompt import Prompt  # noqa: PLC0415

    names = sorted(sources)
    if not sys.stdin.isatty():
        fail(f"which --type is the sender? One of: {', '.join(names)}")
    for name in names:
        typer.echo(f"  {name:<20} {sources[name].title}")
    return Prompt.ask("Which of these sends the webhooks?", choices=names, show_choices=False)


def _webhook_url(public_url: str) -> str:
    """The URL to which senders post."""
    from pydantic import ValidationError  # noqa: PLC0415

    from ..gateway.settings.model import GatewaySettings  # noqa: PLC0415

    try:
        return GatewaySettings(public_url=public_url).webhook_url
    except ValidationError:
        fail(f"--url {public_url!r} cannot be used: write it as in https://hooks.example.com")


def _store_url(store: str) -> str:
    """The URL of the NATS cluster that keeps the events; empty for SQLite."""
    from ..gateway.settings.values import nats_servers  # noqa: PLC0415

    urls = {"sqlite": "", "nats": _LOCAL_NATS}
    if store not in urls and not nats_servers(store):
        fail(f"--store {store!r} cannot be used: write sqlite, nats, or as in nats://a:4222,b:4222,c:4222")
    return urls.get(store, store)


def _path_from(file: Path, folder: str) -> str:
    """The folder as the file names it: relative if it is beside the file or below, so that both can move."""
    path, parent = Path(folder).resolve(), file.parent.resolve()
    return str(path.relative_to(parent) if path.is_relative_to(parent) else path)


def _write_new(file: Path, text: str) -> None:
    """Write a file that only its owner can read; it must not exist."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        fail(f"{file} already exists and is not replaced: choose another with --file")
    except OSError as error:
        fail(error)


@gateway.command(
    short_help="Try the settings, the disk and the data plane.",
    epilog="Example: springhead gateway check --config springhead.toml",
)
def check(
    *,
    config: Config = CONFIG,
    folder: Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per check.")] = False,
) -> None:
    """Try what a gateway needs, one line each: the settings, sources, store, disk, clock and destination.

    No event is sent, so it may be run beside a gateway. In a cluster it makes the streams that are missing.

    Exit code 0: no problem, but perhaps advice; 1: problems; 2: usage error.
    """
    from ..gateway.check import check_gateway  # noqa: PLC0415

    log_to_stderr()
    has_problem = False
    for result in check_gateway(config, lambda folders: make_host(folders=[*folders, *(folder or [])])):
        print_result(result, as_json=as_json)
        has_problem = has_problem or result.status == "problem"
    raise typer.Exit(1 if has_problem else 0)


@gateway.command(
    short_help="Move everything to another store.",
    epilog="Example: springhead gateway move --to nats://a:4222,b:4222,c:4222",
)
def move(
    *,
    config: Config = CONFIG,
    to: Annotated[
        str,
        typer.Option(
            metavar="STORE",
            help="nats://a:4222,b:4222,c:4222, or tls://..., or a folder for SQLite.",
        ),
    ],
) -> None:
    """Move what waits and what is dead from the gateway's store to another one, while no gateway runs on it.

    The other keys of [store], such as user, password and replicas, are those of the settings. A move that was
    interrupted goes on when it is run again.

    Exit code 0: all was moved; 1: not all of it, run it again; 2: usage error.
    """
    move_store(read_settings(config), to)


@gateway.command(
    short_help="Show what waits, and whether all is well.", epilog="Example: springhead gateway status --json"
)
def status(*, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Show what a gateway holds, whether it answers, and whether the destination accepts its events.

    What it holds is read from its store, also while no server runs.

    Exit code 0: it is ready to accept events; 1: it is not; 2: usage error.
    """
    settings = read_settings(config)
    counts = with_store(settings, lambda store: store.counts())
    server = server_status(settings)
    if as_json:
        typer.echo(json.dumps(status_json(settings, counts, server), indent=2))
    else:
        print_status(settings, counts, server)
    raise typer.Exit(0 if server.not_ready is None else 1)


@gateway.command(
    short_help="Show events as they are accepted.",
    epilog="Example: springhead gateway tail --json | jq .events[].event",
)
def tail(
    *,
    config: Config = CONFIG,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only events of this source.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per request.")] = False,
) -> None:
    """Show events as they are accepted, with secrets and personal data masked, until Ctrl-C or SIGTERM.

    It begins with the last requests the server remembers, and connects again when the server restarts.
    """
    settings = read_settings(config)
    names = [configured.name for configured in settings.source]
    if source is not None:
        check_source_name(source, names)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's SIGTERM ends it as Ctrl-C does
    try:
        for request in follow(settings):
            if source in (None, request["source"]):
                print_request(request, max(map(len, names)), as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
