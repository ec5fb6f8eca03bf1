"""A store writes to its folder and nowhere else: the root file system may be read-only."""

from __future__ import annotations

from pathlib import Path

from springhead.gateway.storage.sqlite.append import probe
from springhead.gateway.storage.sqlite.database import open_writer


def test_a_transaction_makes_no_temporary_file(tmp_path: Path) -> None:
    """SQLite would keep the journal of a savepoint in one."""
    connection = open_writer(tmp_path, 1.0, create=True)
    try:
        connection.execute("BEGIN IMMEDIATE")
        probe(connection)
        names = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        connection.execute("ROLLBACK")
    finally:
        connection.close()

    assert any(name.startswith(str(tmp_path)) for name in names)
    assert [name for name in names if "etilqs" in name] == []
