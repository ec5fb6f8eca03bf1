"""Creates the tables of a store, and brings those of an older layout up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

LAYOUT = 4
"""The version of schema.sql. The file keeps it as `PRAGMA user_version`, which is 0 before there are tables."""

_SCRIPTS = {0: ("schema.sql",), 3: ("upgrade_3.sql", "schema.sql")}
"""What brings a file of each other version up to date."""

READABLE = {LAYOUT, *_SCRIPTS}
"""The versions of files that can be opened."""


def update_layout(connection: sqlite3.Connection) -> None:
    """Create the tables, or change them in place: all or nothing, and once if several processes try."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for name in _SCRIPTS.get(version, ()):
            for statement in _statements(Path(__file__).with_name(name)):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: Path) -> Iterator[str]:
    """The statements of a script; `executescript` would commit what came before it."""
    statement = ""
    for line in script.read_text("utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
