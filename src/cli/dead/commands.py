"""`springhead dead`: lists, shows, replays and drops dead letters."""

from __future__ import annotations

import asyncio
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.codec import encode
from ...core.errors import SpringheadError
from ..context import CONFIG, AsJson, Config, Folders, fail, load_host, read_settings, with_store
from ..format import plural, printable
from .render import ListLayout, letter_json, letter_text, summary_json
from .selection import (
    All,
    Ids,
    OfRule,
    OfSource,
    OlderThan,
    Selection,
    YoungerThan,
    by_filters,
    check_selection,
    fail_unknown_id,
    for_change,
    pages,
)

if TYPE_CHECKING:
    from ...gateway.replay import Replayer
    from ...gateway.settings import Settings
    from ...gateway.storage.store import Store

dead = typer.Typer(
    help="Work with a gateway's dead letters: records that became no event, and events that were refused.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@dead.command(
    "list",
    short_help="List dead letters.",
    epilog="Example: springhead dead list --rule schema/type --younger-than 2h",
)
def list_(  # noqa: PLR0913 - filters, each optional
    *,
    config: Config = CONFIG,
    source: OfSource = None,
    rule: OfRule = None,
    older_than: OlderThan = None,
    younger_than: YoungerThan = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most this many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per dead letter.")] = False,
) -> None:
    """List dead letters, oldest first: where they are from, which rule they broke, and why.

    Nothing that a sender sent is shown.

    Exit code 0: listed, even if there are none; 2: usage error.
    """
    settings = read_settings(config)
    selection = by_filters(source, rule, older_than, younger_than)
    with_store(settings, lambda store: _list(settings, store, selection, limit, as_json))


async def _list(
    settings: Settings, store: Store, selection: Selection, limit: int | None, as_json: bool
) -> None:
    await check_selection(settings, store, selection)
    layout: ListLayout | None = None
    left = sys.maxsize if limit is None else limit
    async for page in pages(store, selection):
        for letter in page[:left]:
            if as_json:
                typer.echo(encode(summary_json(letter)))
                continue
            if layout is None:
                layout = ListLayout(page)
                typer.echo(layout.heading())
            typer.echo(layout.row(letter))
        left -= min(len(page), left)
        if not left:
            break
    if layout is None and not as_json:
        typer.echo("no dead letters")


@dead.command(
    short_help="Show a whole dead letter.", epilog="Example: springhead dead show 7 --json | jq .record"
)
def show(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The dead letter's id.")],
    *,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show a whole dead letter: its record as sent, its event if there is one, and the call it came in.

    Exit code 0: shown; 2: usage error.
    """
    letter = with_store(read_settings(config), lambda store: store.dead_letter(id_))
    if letter is None:
        fail_unknown_id(id_)
    typer.echo("nothing below is masked; a form is shown as the JSON it became", err=True)
    typer.echo(encode(letter_json(letter)) if as_json else letter_text(letter))


@dead.command(
    short_help="Process dead letters again.",
    epilog="Example: springhead dead replay --rule schema/type --dry-run",
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    folder: Folders = None,
) -> None:
    """Process dead letters again: records by their source as it is now; events are delivered again.

    Dead letters that become events are removed, the others stay as they are.

    Exit code 0: all were replayed; 1: some are still dead; 2: usage error.
    """
    from ...gateway.app import check_sources  # noqa: PLC0415
    from ...gateway.replay import Replayer  # noqa: PLC0415

    selection = for_change(ids, by_filters(source, rule, older_than, younger_than), every)
    settings = read_settings(config)
    host = load_host([*settings.gateway.folders, *(folder or [])])
    try:
        check_sources(host, settings)
    except SpringheadError as error:
        fail(error)

    async def work(store: Store) -> bool:
        await check_selection(settings, store, selection)
        return await _replay(Replayer(host, settings, store), store, selection, dry_run)

    raise typer.Exit(0 if with_store(settings, work) else 1)


async def _replay(replayer: Replayer, store: Store, selection: Selection, dry_run: bool) -> bool:
    """Replay dead letters, print what became of each, and return whether none of them is left."""
    total = gone = events = 0
    async for page in pages(store, selection):
        letters = [await store.dead_letter(summary.id) for summary in page]
        with redirect_stdout(sys.stderr):  # plugins may print
            # Replayed together they share a commit.
            results = await asyncio.gather(
                *(replayer.replay(letter, dry_run=dry_run) for letter in letters if letter is not None)
            )
        for result in results:
            typer.echo(f"{result.id}  {'gone' if result.gone else 'dead'}  {printable(result.summary)}")
            total, gone, events = total + 1, gone + result.gone, events + result.events
    typer.echo(
        f"{plural(total, 'dead letter')}: {gone} gone ({plural(events, 'event')}), {total - gone} still dead"
        f"{'; nothing was changed' if dry_run else ''}",
        err=True,
    )
    return gone == total


@dead.command(
    short_help="Delete dead letters.",
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
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete dead letters for good. On a terminal it asks first.

    Exit code 0: deleted; 1: not confirmed; 2: usage error.
    """
    selection = for_change(ids, by_filters(source, rule, older_than, younger_than), every)
    settings = read_settings(config)
    if not yes and not sys.stdin.isatty():
        fail("dropped dead letters cannot be brought back: add --yes to confirm")

    async def work(store: Store) -> int | None:
        await check_selection(settings, store, selection)
        if not yes:
            count = sum([len(page) async for page in pages(store, selection)])
            if count and not typer.confirm(f"Drop {plural(count, 'dead letter')} for good?", err=True):
                return None
        dropped = [await store.drop([letter.id for letter in page]) async for page in pages(store, selection)]
        return sum(dropped)

    dropped = with_store(settings, work)
    if dropped is None:
        raise typer.Exit(1)
    typer.echo(f"{plural(dropped, 'dead letter')} dropped", err=True)
