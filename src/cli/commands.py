"""Puts the commands together into the `springhead` command line, and runs it."""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from .check import check
from .context import report
from .coverage import coverage
from .dead.commands import dead
from .diff import diff
from .docs import docs
from .explain import explain
from .extras import extras_named
from .gateway import gateway
from .mutate import mutate
from .new import new
from .play import play
from .serve import serve
from .sources import sources
from .test import run_tests
from .transform import transform

app = typer.Typer(
    name="springhead",
    help="Turn vendors' webhooks into RudderStack events.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(short_help="List sources and plugins.", epilog="Example: springhead sources --json")(sources)
app.command(
    short_help="Turn request bodies into events.",
    epilog="Example: springhead transform auth0 --set redact=secrets logs.jsonl > events.jsonl",
)(transform)
app.command(
    short_help="Draft a source from captured bodies.",
    epilog="Example: springhead new acme --from body.json --header 'X-Acme-Event: order.paid' --package",
)(new)
app.command(epilog="Example: springhead check ./acme")(check)
app.command(
    short_help="Say which row each value of an event came from.",
    epilog="Example: springhead explain auth0 examples/auth0.json --path properties.details",
)(explain)
app.command("test", epilog="Example: springhead test ./acme -k created --update")(run_tests)
app.command(
    short_help="Open a page to write a source on.", epilog="Example: springhead play ./acme --no-browser"
)(play)
app.command(
    short_help="Say what the fixtures of a source do not run.",
    epilog="Example: springhead coverage ./acme --fail-under 100",
)(coverage)
app.command(
    short_help="Show the changes of a source that no fixture notices.",
    epilog="Example: springhead mutate ./acme",
)(mutate)
app.command(
    short_help="Write the page of a source.",
    epilog="Example: springhead docs ./acme --output docs/acme.md",
)(docs)
app.command(
    short_help="Compare a source with another version of it.",
    epilog="Example: springhead diff ./acme --against main --samples captured.jsonl",
)(diff)
app.add_typer(serve, name="serve")
app.add_typer(gateway, name="gateway")
app.add_typer(dead, name="dead", short_help="List, show, replay and drop dead letters.")


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"springhead {version('springhead')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Turn vendors' webhooks into RudderStack events."""


def run() -> None:
    """Run the command line. A closed pipe ends it silently, as it ends other Unix commands."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Pydantic looks for plugins, and fails if the entry points of any installed package are malformed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with extras_named():
        try:
            sys.exit(app())
        except OSError as error:  # stdout or stderr may be on a full disk
            report(error)
            sys.exit(2)
