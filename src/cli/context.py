"""Opens what commands work on (settings, host, store, admin address), or ends the command with a reason."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeAlias, TypeVar

import typer

from ..core.errors import PluginFailure, SpringheadError
from ..core.host import Host
from ..core.suggest import suggest
from ..server.plain_http import no_trust
from ..server.sockets import join_address

if TYPE_CHECKING:  # a command that needs them imports them
    import httpx

    from ..gateway.settings import Settings
    from ..gateway.storage.store import Store

T = TypeVar("T")

CONFIG = Path("springhead.toml")
Config: TypeAlias = Annotated[Path, typer.Option(metavar="FILE", help="The gateway's settings.")]
Folders: TypeAlias = Annotated[
    list[str] | None, typer.Option("--folder", help="A source folder to register; may be repeated.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def fail(reason: object) -> NoReturn:
    """End the command with one line on stderr and exit code 2."""
    report(reason)
    raise typer.Exit(2)


def report(reason: object) -> None:
    """Print why a command fails on stderr, unless that fails as well; an OSError is shown with its file."""
    if isinstance(reason, OSError) and reason.strerror:
        file = f"{os.fsdecode(reason.filename)}: " if reason.filename else ""
        reason = f"{file}{reason.strerror.lower()}"
    with suppress(OSError):
        typer.echo(f"springhead: {reason}", err=True)


def make_host(**options: Any) -> Host:
    """Make a host. What its plugins print while they are loaded goes to stderr: stdout is the command's."""
    with redirect_stdout(sys.stderr):
        return Host(**options)


def load_host(folders: Sequence[str | Path] = (), **options: Any) -> Host:
    """Make a host, and warn on stderr about plugins that failed.

    A folder in `folders` that is not active ends the command, because it was asked for by name.
    """
    try:
        host = make_host(folders=folders, **options)
    except PluginFailure as error:
        fail(error)
    for plugin in host.plugins:
        if plugin.status == "active":
            continue
        kind = "plugin" if plugin.distribution else "source folder"
        problem = f"{kind} {plugin.id} is not active ({plugin.status}): {plugin.reason}"
        if not plugin.distribution:
            fail(problem)
        if plugin.status != "disabled":
            typer.echo(f"springhead: {problem}", err=True)
    return host


def read_settings(config: Path) -> Settings:
    """Read the gateway's settings; a mistake in them ends the command."""
    from ..gateway.settings import load_settings  # noqa: PLC0415

    try:
        return load_settings(config)
    except SpringheadError as error:
        fail(error)


def log_to_stderr() -> None:
    """Write what a store logs to stderr: stdout is the command's."""
    import structlog  # noqa: PLC0415

    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run `work` with the gateway's store, which a running server may have open as well."""
    from ..gateway.open_store import open_store  # noqa: PLC0415

    async def run() -> T:
        store = open_store(settings, create=False)
        try:
            await store.open(delivers=False)
            return await work(store)
        finally:
            await store.close()

    log_to_stderr()
    try:
        return asyncio.run(run())
    except (SpringheadError, OSError) as error:
        fail(error)


def admin_client(settings: Settings, timeout: float) -> httpx.Client:
    """Make a client of a running gateway's admin address, which presents the admin token."""
    import httpx  # noqa: PLC0415

    host, port = settings.gateway.admin_address
    token = settings.gateway.admin_token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    address = f"http://{join_address(host, port)}"
    return httpx.Client(base_url=address, headers=headers, timeout=timeout, trust_env=False, verify=no_trust())


def check_source_name(name: str, names: Sequence[str]) -> None:
    """End the command if no source has this name."""
    if name not in names:
        fail(f"no source is called {name!r}: {suggest(name, sorted(names))}")
