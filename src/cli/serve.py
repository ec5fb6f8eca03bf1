"""`springhead serve`: runs one of the two servers."""

from __future__ import annotations

import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import SpringheadError
from ..server.stderr import tolerate_failures
from .context import Folders, fail, load_host

serve = typer.Typer(help="Run a server.", no_args_is_help=True, rich_markup_mode=None)


class Format(StrEnum):
    """How log lines are written."""

    json = "json"
    console = "console"


class Level(StrEnum):
    """The lowest level that is logged."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


@serve.callback()
def _group() -> None:
    """Run a server."""
    tolerate_failures()
    if hasattr(signal, "SIGPIPE"):  # a peer that hangs up ends its connection, not the server
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)


@serve.command(
    short_help="Serve as rudder-server's source transformer.",
    epilog="Example: springhead serve transformer --port 9090 --workers 2",
)
def transformer(  # noqa: PLR0913 - the options of a server, each with a default
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 9090,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; one per core.")] = 1,
    folder: Folders = None,
    upstream: Annotated[
        str | None, typer.Option(metavar="URL", help="A rudder-transformer that gets all other requests.")
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep rejected records here, whole, as JSON lines.")
    ] = None,
    body_limit: Annotated[
        int, typer.Option(min=1, metavar="BYTES", help="The longest array accepted.")
    ] = 200_000_000,
    memory: Annotated[
        int,
        typer.Option(min=1_000_000, metavar="BYTES", help="Memory of a worker for arrays; more of them wait."),
    ] = 256_000_000,
    gzip_from: Annotated[
        int, typer.Option(min=0, metavar="BYTES", help="Gzip responses from this size on; 0 never does.")
    ] = 32_768,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log a line for every array.")] = False,
    log_format: Annotated[Format, typer.Option(help="How log lines are written, on stderr.")] = Format.console,
    log_level: Annotated[Level, typer.Option(help="The lowest level that is logged.")] = Level.info,
) -> None:
    """Serve as the source transformer of a rudder-server: point its DEST_TRANSFORM_URL here.

    SIGTERM and SIGINT let it finish what is in flight. SIGHUP is ignored.
    Exit code 0: it finished; 1: it could not start, or had to be killed; 2: usage error.
    """
    # Imported here, because the other commands need none of it, and may not have it installed.
    from ..server.run import Worker, serve_app  # noqa: PLC0415
    from ..transformer.app import transformer_app  # noqa: PLC0415
    from ..transformer.options import TransformerOptions  # noqa: PLC0415

    options = TransformerOptions(
        upstream=upstream,
        rejected=rejected,
        body_limit=body_limit,
        memory=memory,
        gzip_from=gzip_from,
        access_log=access_log,
    )
    try:
        sources = load_host(folder or [], body_limit=body_limit)
        transformer_app(sources, options)  # report a wrong option here, not in a worker
        worker = Worker(lambda _: transformer_app(sources, options), log_format.value, log_level.value)
        serve_app(worker, host=host, port=port, workers=workers)
    except (ValueError, OSError) as error:
        fail(error)


@serve.command(
    short_help="Accept webhooks, store and deliver their events.",
    epilog="Example: springhead serve gateway --config springhead.toml",
)
def gateway(
    *,
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="The settings; `springhead gateway init` writes a first file.")
    ] = Path("springhead.toml"),
    folder: Folders = None,
    log_format: Annotated[Format, typer.Option(help="How log lines are written, on stderr.")] = Format.console,
    log_level: Annotated[Level, typer.Option(help="The lowest level that is logged.")] = Level.info,
) -> None:
    """Accept webhooks, store their events, and deliver them until they are accepted.

    SIGTERM and SIGINT let it finish what is in flight. SIGHUP reloads the sources in its settings.
    Exit code 0: it finished; 1: it could not start, or had to be killed; 2: usage error.
    """
    from ..gateway.run import serve_gateway  # noqa: PLC0415 - as above
    from ..gateway.settings import load_settings  # noqa: PLC0415

    try:
        settings = load_settings(config)
        host = load_host([*settings.gateway.folders, *(folder or [])])
        serve_gateway(host, settings, log_format.value, log_level.value)
    except (SpringheadError, OSError) as error:
        fail(error)
