"""`springhead dead`: what became no event, and events that nobody took: looked at, sent again, dropped."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.codec import encode
from ...core.errors import SpringheadError
from .. import format as shown
from ..context import CONFIG, AsJson, Config, Folders, settings_of, with_store
from ..hosting import host_of
from ..misuse import misuse
from . import render as letter
from .selection import (
    All,
    Ids,
    OfRule,
    OfSource,
    OlderThan,
    Which,
    YoungerThan,
    check,
    chosen,
    filters,
    no_letter,
    pages,
)

if TYPE_CHECKING:
    from ...gateway.replay import Replayed, Replayer
    from ...gateway.settings import Settings
    from ...gateway.storage.records import Store

dead = typer.Typer(
    help="Dead letters of a gateway: records that became no event, and events that nobody took.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@dead.command(
    "list",
    short_help="List them: where, which rule and why.",
    epilog="Example: springhead dead list --rule schema/type --younger-than 2h",
)
def list_(  # noqa: PLR0913 - filters, each optional
    *,
    config: Config = CONFIG,
    source: OfSource = None,
    rule: OfRule = None,
    older_than: OlderThan = None,
    younger_than: YoungerThan = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a letter.")] = False,
) -> None:
    """List dead letters, oldest first: where, which rule and why; never what was sent.

    Exit code 0: however many there are; 2: misuse.
    """
    settings = settings_of(config)
    which = filters(source, rule, older_than, younger_than)
    with_store(settings, lambda store: _list(settings, store, which, limit, as_json))


async def _list(settings: Settings, store: Store, which: Which, limit: int | None, as_json: bool) -> None:
    await check(settings, store, which)
    layout: letter.Layout | None = None
    left = limit
    async for page in pages(store, which):
        for one in page[:left]:
            if as_json:
                typer.echo(encode(letter.summary(one)))
                continue
            if layout is None:
                layout = letter.Layout(page)
                typer.echo(layout.head)
            typer.echo(layout.line(one))
        left = None if left is None else left - min(len(page), left)
        if left == 0:
            break
    if layout is None and not as_json:
        typer.echo("no dead letters")


@dead.command(
    short_help="Show one whole, as it was sent.", epilog="Example: springhead dead show 7 --json | jq .record"
)
def show(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The dead letter's id.")],
    *,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show a dead letter whole: its record as sent, its event where it has one, and the call it came in.

    Exit code 0: shown; 2: misuse.
    """
    settings = settings_of(config)
    found = with_store(settings, lambda store: store.letter(id_))
    if found is None:
        no_letter(id_)
    typer.echo("what follows is as it was sent: nothing is masked", err=True)
    typer.echo(encode(letter.whole(found)) if as_json else letter.text(found))


@dead.command(
    short_help="Send them through again.", epilog="Example: springhead dead replay --rule schema/type --dry-run"
)
def replay(  # noqa: PLR0913 - filters, each optional
    ids: Ids = None,
    *,
    config: Config = CONFIG,
    source: OfSource = None,
    rule: OfRule = None,
    older_than: OlderThan = None,
    younger_than: YoungerThan = None,
    every: All = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of them.")] = False,
    folder: Folders = None,
) -> None:
    """Send dead letters through again: records through their source as it is now, events to delivery.

    Those that become events are dead letters no more; the others stay as they are.
    Exit code 0: none of them is dead any more; 1: some are; 2: misuse.
    """
    from ...gateway.app import check_sources  # noqa: PLC0415
    from ...gateway.replay import Replayer  # noqa: PLC0415

    which = chosen(ids, filters(source, rule, older_than, younger_than), every)
    settings = settings_of(config)
    host = host_of([*settings.gateway.folders, *(folder or [])])
    try:
        check_sources(host, settings)
    except SpringheadError as error:
        misuse(error)

    async def work(store: Store) -> bool:
        await check(settings, store, which)
        return await _replayed(Replayer(host, settings, store), store, which, dry_run)

    raise typer.Exit(0 if with_store(settings, work) else 1)


async def _replayed(replayer: Replayer, store: Store, which: Which, dry_run: bool) -> bool:
    """Replay them, and say what became of each; whether all are gone."""
    total = gone = events = 0
    async for page in pages(store, which):
        whole = [await store.letter(one.id) for one in page]
        # Together, so that they share a commit; each is in the store's queue before the next one begins.
        for one in await asyncio.gather(
            *(replayer.replay(each, dry_run=dry_run) for each in whole if each is not None)
        ):
            typer.echo(_said(one))
            total, gone, events = total + 1, gone + one.gone, events + one.events
    counted = f"{gone} gone ({events} event{'' if events == 1 else 's'}), {total - gone} still dead"
    typer.echo(f"{_many(total)}: {counted}{'; nothing was changed' if dry_run else ''}", err=True)
    return gone == total


def _said(one: Replayed) -> str:
    return f"{one.id}  {'gone' if one.gone else 'dead'}  {shown.printable(one.summary)}"


def _many(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"


@dead.command(
    short_help="Drop them for good.",
    epilog="Example: springhead dead drop --source auth0 --older-than 7d --yes",
)
def drop(  # noqa: PLR0913 - filters, each optional
    ids: Ids = None,
    *,
    config: Config = CONFIG,
    source: OfSource = None,
    rule: OfRule = None,
    older_than: OlderThan = None,
    younger_than: YoungerThan = None,
    every: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Drop dead letters for good; on a terminal it asks first.

    Exit code 0: dropped; 1: you said no; 2: misuse.
    """
    which = chosen(ids, filters(source, rule, older_than, younger_than), every)
    settings = settings_of(config)
    if not yes and not sys.stdin.isatty():
        misuse("what is dropped is gone for good: add --yes")

    async def work(store: Store) -> int | None:
        await check(settings, store, which)
        if not yes:
            count = sum([len(page) async for page in pages(store, which)])
            if count and not typer.confirm(f"Drop {_many(count)} for good?", err=True):
                return None
        return sum([await store.drop([one.id for one in page]) async for page in pages(store, which)])

    dropped = with_store(settings, work)
    if dropped is None:
        raise typer.Exit(1)
    typer.echo(f"{_many(dropped)} dropped", err=True)
