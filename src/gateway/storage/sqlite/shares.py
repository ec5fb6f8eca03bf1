"""Shares the limit of a full store out among its sources, so that no source shuts another out."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..records import StoreFull, StoreSpace
from .space import describe, megabytes

_CONTENTS = "SELECT name, undelivered_bytes, kept_bytes FROM source WHERE undelivered_bytes + kept_bytes > 0"


class Holding(NamedTuple):
    """Bytes of the file that a source's events and dead letters take."""

    events: float = 0.0
    dead_letters: float = 0.0


@dataclass(frozen=True, slots=True)
class Shares:
    """What each source holds of the store at `path`, which has reached its limit.

    A source may still have its equal share among those that hold something. So n sources together hold at most
    limit * (1 + 1/2 + ... + 1/n).

    Attributes:
        path: the store's file.
        max_bytes: the limit.
        space: what holds the space.
        holdings: what each source holds, of those that hold something.
    """

    path: Path
    max_bytes: int
    space: StoreSpace
    holdings: Mapping[str, Holding]

    def refusal(self, source: str) -> StoreFull | None:
        """Why nothing of the source may be appended; None if it holds less than its share."""
        holding = self.holdings.get(source, Holding())
        share = max(self.max_bytes - self.space.ids - self.space.log, 0) / len({source, *self.holdings})
        if sum(holding) < share:
            return None
        return StoreFull(
            f"{self.path} has reached its limit of {self.max_bytes} bytes: it holds {describe(self.space)}; "
            f"source {source!r} holds {megabytes(sum(holding))}, and its share is {megabytes(share)}; "
            f"{self._advice(holding)}, or raise max_bytes"
        )

    def _advice(self, holding: Holding) -> str:
        """How to make room in what takes most of it from the source."""
        _, advice = max(
            (holding.events, "wait until its events are delivered"),
            (holding.dead_letters, "drop its dead letters"),
            (self.space.ids, "lower window_days"),
        )
        return advice


def shares_of(connection: sqlite3.Connection, path: Path, space: StoreSpace, max_bytes: int) -> Shares:
    """The shares of the sources in a store that has reached its limit.

    Rows take more of the file than their contents: what they take in all is divided in proportion to these.
    """
    contents = connection.execute(_CONTENTS).fetchall()
    scale = (space.events + space.dead_letters) / (
        sum(events + letters for _, events, letters in contents) or 1
    )
    holdings = {name: Holding(events * scale, letters * scale) for name, events, letters in contents}
    return Shares(path, max_bytes, space, holdings)
