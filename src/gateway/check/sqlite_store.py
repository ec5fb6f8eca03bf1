"""Checks that a store in SQLite can be read and written, without writing to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ...core.errors import SpringheadError
from ..settings import Settings
from ..storage.records import StoreUnusable
from ..storage.sqlite.database import FILE, log_of, refusal
from ..storage.sqlite.layout import LAYOUT, READABLE
from .paths import writing_problem
from .result import CheckResult

_BUSY_SECONDS = 5.0
_COUNTS = "SELECT ifnull(sum(undelivered), 0), ifnull(sum(dead_letters), 0) FROM source"


def check_store(settings: Settings) -> Iterator[CheckResult]:
    """Report whether the store can be opened, and what it holds."""
    path = settings.gateway.data / FILE
    if problem := writing_problem(path):
        yield CheckResult(
            "store", "problem", problem, "run the gateway, and this command, as the user who owns it"
        )
        return
    if not path.exists():
        yield CheckResult("store", "ok", f"{path.parent} has no store yet: the gateway creates it")
        return
    try:
        yield _describe(path)
    except (sqlite3.Error, SpringheadError) as error:
        reason, _, advice = str(refusal(error, path) or error).partition("; ")
        yield CheckResult("store", "problem", reason, advice)


def check_left_behind(settings: Settings) -> Iterator[CheckResult]:
    """Advise to move what `data` still holds, as a gateway on a cluster does not deliver it."""
    path = settings.gateway.data / FILE
    if not path.exists():
        return
    try:
        with _reading(path) as connection:
            undelivered, letters = connection.execute(_COUNTS).fetchone()
    except sqlite3.Error:
        return
    if undelivered or letters:
        found = f"{path} holds undelivered events: {undelivered:,}, dead letters: {letters:,}"
        advice = f"move them: SPRINGHEAD_STORE__URL= springhead gateway move --to {settings.store.url}"
        yield CheckResult("store", "advice", f"{found}; this gateway does not deliver them", advice)


def last_sweep(settings: Settings) -> float | None:
    """When the store was swept last, in epoch seconds; None if it never was, or cannot be read."""
    path = settings.gateway.data / FILE
    try:
        with _reading(path) as connection:
            row = connection.execute("SELECT at FROM sweep").fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else float(row[0])


def _describe(path: Path) -> CheckResult:
    with _reading(path) as connection:
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        if layout not in READABLE:
            raise StoreUnusable(
                f"{path} has layout {layout}, but this version of springhead needs layout {LAYOUT}; "
                "use the version that wrote it"
            )
        if layout != LAYOUT:
            advice = "copy it first: the version that wrote it cannot open it afterwards"
            return CheckResult(
                "store", "advice", f"{path} is changed to layout {LAYOUT} at the next start", advice
            )
        undelivered, letters = connection.execute(_COUNTS).fetchone()
    held = f"undelivered events: {undelivered:,}, dead letters: {letters:,}"
    return CheckResult("store", "ok", f"{path} can be opened; {held}")


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that takes no lock a gateway waits for.

    Without a log no gateway has the store open. SQLite would then leave an empty one behind, unless it is told
    that nothing changes the file.
    """
    query = "mode=ro" if log_of(path).exists() else "mode=ro&immutable=1"
    address = f"{path.absolute().as_uri()}?{query}"
    with closing(sqlite3.connect(address, _BUSY_SECONDS, uri=True)) as connection:
        yield connection
