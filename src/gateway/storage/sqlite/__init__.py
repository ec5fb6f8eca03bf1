"""The store in one SQLite file: `writer` commits, `keep`, `leases` and `retention` write, `lookup` reads."""

from .store import SqliteStore

__all__ = ["SqliteStore"]
