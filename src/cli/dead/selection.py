"""Which dead letters are meant: ids or filters in, the letters a few at a time out."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

import typer

from ..context import known_source
from ..misuse import misuse

if TYPE_CHECKING:
    from ...gateway.settings import Settings
    from ...gateway.storage.records import DeadLetterSummary, Store

PAGE = 20
"""Letters replayed at once: each holds a whole record, and the call it came in."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

Ids: TypeAlias = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Dead letters by id.")]
OfSource: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Those of this source.")]
OfRule: TypeAlias = Annotated[
    str | None, typer.Option(metavar="RULE", help="Those that broke this rule: schema/required, ...")
]
OlderThan: TypeAlias = Annotated[
    str | None, typer.Option(metavar="AGE", help="Those kept longer than 30m, 2h, 7d, ...")
]
YoungerThan: TypeAlias = Annotated[str | None, typer.Option(metavar="AGE", help="Those kept less long.")]
All: TypeAlias = Annotated[bool, typer.Option("--all", help="All there are.")]


@dataclass(frozen=True, slots=True)
class Which:
    """Dead letters by id, or by all of the filters that are given; ages in seconds."""

    ids: tuple[int, ...] = ()
    source: str | None = None
    rule: str | None = None
    older_than: float | None = None
    younger_than: float | None = None

    @property
    def filtered(self) -> bool:
        """Whether there is a filter."""
        return any(each is not None for each in (self.source, self.rule, self.older_than, self.younger_than))


def filters(source: str | None, rule: str | None, older_than: str | None, younger_than: str | None) -> Which:
    """The letters that pass these filters; all where there are none."""
    older, younger = _seconds("--older-than", older_than), _seconds("--younger-than", younger_than)
    if older is not None and younger is not None and older >= younger:
        misuse("no letter is both: --older-than must be less than --younger-than")
    return Which((), source, rule, older, younger)


def chosen(ids: Sequence[int] | None, which: Which, every: bool) -> Which:
    """The letters to change, said in exactly one way: by ids, by filters, or `--all`."""
    ways = sum((bool(ids), which.filtered, every))
    if ways == 0:
        misuse("which dead letters? Give ids or filters, or --all")
    if ways > 1:
        misuse("give ids, filters or --all: one of the three")
    return Which(tuple(dict.fromkeys(ids))) if ids else which


async def check(settings: Settings, store: Store, which: Which) -> None:
    """End the command, before it does anything, where the source or one of the ids is none there is."""
    if which.source is not None:
        await known_source(settings, store, which.source)
    for each in which.ids:
        if await store.letter(each) is None:
            no_letter(each)


def no_letter(id_: int) -> NoReturn:
    """End the command: there is no such dead letter."""
    misuse(f"no dead letter has the id {id_}: `springhead dead list` shows those there are")


async def pages(store: Store, which: Which) -> AsyncIterator[list[DeadLetterSummary]]:
    """The letters there are now, `PAGE` at a time; not those that come up meanwhile, as a replay's may."""
    began = time.time()
    for start in range(0, len(which.ids), PAGE):
        found = [await store.letter(each) for each in which.ids[start : start + PAGE]]
        yield [letter.listed for letter in found if letter is not None]
    after = 0
    while not which.ids:
        page = await store.dead(
            source=which.source,
            rule=which.rule,
            older_than=which.older_than,
            younger_than=which.younger_than,
            after=after,
            limit=PAGE,
        )
        if not page:
            return
        after = page[-1].id
        yield [letter for letter in page if letter.at <= began]


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if not found:
        misuse(f"{option} {text!r} is no age: write a number and its unit, as in 90s, 30m, 2h or 7d")
    return float(found[1]) * _SECONDS[found[2]]
