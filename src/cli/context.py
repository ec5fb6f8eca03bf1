"""What a command beside a gateway starts from: the path of its settings in, settings and an open store out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from ..core.errors import SpringheadError
from ..core.suggest import suggest
from .misuse import misuse

if TYPE_CHECKING:  # what loads them is a command that needs them
    from ..gateway.settings import Settings
    from ..gateway.storage.records import Store

T = TypeVar("T")

CONFIG = Path("springhead.toml")
Config: TypeAlias = Annotated[Path, typer.Option(metavar="FILE", help="The gateway's settings.")]
Folders: TypeAlias = Annotated[
    list[str] | None, typer.Option("--folder", help="A source folder to register; may be repeated.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of text for people.")]


def settings_of(config: Path) -> Settings:
    """The settings in a file; what is wrong with them ends the command."""
    from ..gateway.settings import load_settings  # noqa: PLC0415

    try:
        return load_settings(config)
    except SpringheadError as error:
        misuse(error)


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """What `work` comes to with the gateway's store, which a server may have open meanwhile."""
    from ..gateway.app import open_store  # noqa: PLC0415

    async def run() -> T:
        store = open_store(settings, create=False)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except (SpringheadError, OSError) as error:
        misuse(error)


async def known_source(settings: Settings, store: Store, name: str) -> None:
    """End the command where there is no source of this name, neither in the settings nor in the store."""
    names = {source.name for source in settings.source} | (await store.counts()).by_source.keys()
    if name not in names:
        misuse(f"no source is called {name!r}: {suggest(name, sorted(names))}")
