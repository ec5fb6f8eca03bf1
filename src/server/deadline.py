"""Watching the time: one timer for all work that may take so long. One for each costs more than short work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

_LOOKS = 8
"""Times the watch is looked at while work may take."""

_Done = TypeVar("_Done")


class Deadline:
    """Ends work that takes longer than so many seconds, at most an eighth of them later."""

    __slots__ = ("_begun", "_loop", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._begun: dict[asyncio.Task[Any], float | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def within(self, work: Awaitable[_Done]) -> _Done:
        """What the work of this task comes to. Raises TimeoutError where it takes too long."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101 - so it is in any coroutine
        if self._loop is not loop:
            self._loop = loop
            self._look_later(loop)
        self._begun[task] = loop.time()
        try:
            return await work
        except asyncio.CancelledError:
            if self._begun[task] is None and not task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            del self._begun[task]

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_later(self.seconds / _LOOKS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        late = loop.time() - self.seconds
        for task, begun in self._begun.items():
            if begun is not None and begun <= late:
                self._begun[task] = None
                task.cancel()
        if self._loop is not loop:
            return  # the app was moved to another
        if self._begun:
            self._look_later(loop)
        else:
            self._loop = None
