"""Reads from a store, in a thread with a connection of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .database import FILE, open_reader, refusal

T = TypeVar("T")


class Reader:
    """Runs one query after another: a long one delays only those of this reader."""

    def __init__(self, folder: Path, busy_timeout: float) -> None:
        self._path = folder / FILE
        self._connection = open_reader(folder, busy_timeout)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="springhead-store-reads")

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `query` reads; raise the store's own errors if it cannot."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, query, self._connection)
        except sqlite3.Error as error:
            raise refusal(error, self._path) or error from None

    async def close(self) -> None:
        """Finish the queries that wait, and close the connection."""
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()
