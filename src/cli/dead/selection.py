"""Selects dead letters by id or by filters, and reads them from the store a page at a time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

import typer

from ..context import check_source_name, fail

if TYPE_CHECKING:
    from ...gateway.settings import Settings
    from ...gateway.storage.records import DeadLetterSummary
    from ...gateway.storage.store import Store

PAGE_SIZE = 20
"""Dead letters replayed at once. Each holds a whole record and the call it came in."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

Ids: TypeAlias = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Dead letters by id.")]
OfSource: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this source.")]
OfRule: TypeAlias = Annotated[
    str | None, typer.Option(metavar="RULE", help="Only those that broke this rule: schema/required, ...")
]
OlderThan: TypeAlias = Annotated[
    str | None, typer.Option(metavar="AGE", help="Only those older than 30m, 2h, 7d, ...")
]
YoungerThan: TypeAlias = Annotated[
    str | None, typer.Option(metavar="AGE", help="Only those younger than that.")
]
All: TypeAlias = Annotated[bool, typer.Option("--all", help="All of them.")]


@dataclass(frozen=True, slots=True)
class Selection:
    """Dead letters by id, or else all that pass every filter given; ages in seconds."""

    ids: tuple[int, ...] = ()
    source: str | None = None
    rule: str | None = None
    older_than: float | None = None
    younger_than: float | None = None

    @property
    def has_filters(self) -> bool:
        """Whether any filter is given."""
        filters = (self.source, self.rule, self.older_than, self.younger_than)
        return any(value is not None for value in filters)


def by_filters(
    source: str | None, rule: str | None, older_than: str | None, younger_than: str | None
) -> Selection:
    """Select by the filters given on the command line; without any, all dead letters."""
    older, younger = _seconds("--older-than", older_than), _seconds("--younger-than", younger_than)
    if older is not None and younger is not None and older >= younger:
        fail("no dead letter is both: --older-than must be less than --younger-than")
    return Selection((), source, rule, older, younger)


def for_change(ids: Sequence[int] | None, filters: Selection, every: bool) -> Selection:
    """Select dead letters to change, which must be asked for in exactly one way: ids, filters or `--all`."""
    ways = sum((bool(ids), filters.has_filters, every))
    if ways == 0:
        fail("which dead letters? Give ids or filters, or --all")
    if ways > 1:
        fail("give ids, filters or --all: only one of the three")
    return Selection(tuple(dict.fromkeys(ids))) if ids else filters


async def check_selection(settings: Settings, store: Store, selection: Selection) -> None:
    """End the command before it changes anything if the source or one of the ids does not exist."""
    if selection.source is not None:
        stored = (await store.counts()).by_source
        check_source_name(selection.source, sorted({source.name for source in settings.source} | stored.keys()))
    for id_ in selection.ids:
        if await store.dead_letter(id_) is None:
            fail_unknown_id(id_)


def fail_unknown_id(id_: int) -> NoReturn:
    """End the command because no dead letter has this id."""
    fail(f"no dead letter has the id {id_}: `springhead dead list` shows them")


async def pages(store: Store, selection: Selection) -> AsyncIterator[list[DeadLetterSummary]]:
    """Read the selected dead letters, `PAGE_SIZE` at a time.

    Those that arrive meanwhile are left out; a replay adds some.
    """
    for start in range(0, len(selection.ids), PAGE_SIZE):
        found = [await store.dead_letter(id_) for id_ in selection.ids[start : start + PAGE_SIZE]]
        yield [letter.summary for letter in found if letter is not None]
    after = 0
    last = max([letter.id for letter in await store.dead_letters(newest=True, limit=1)], default=0)
    while not selection.ids:
        page = await store.dead_letters(
            source=selection.source,
            rule=selection.rule,
            older_than=selection.older_than,
            younger_than=selection.younger_than,
            after=after,
            limit=PAGE_SIZE,
        )
        page = [letter for letter in page if letter.id <= last]
        if not page:
            return
        after = page[-1].id
        yield page


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if not found:
        fail(f"{option} {text!r} is not an age: write a number and its unit, as in 90s, 30m, 2h or 7d")
    return float(found[1]) * _SECONDS[found[2]]
