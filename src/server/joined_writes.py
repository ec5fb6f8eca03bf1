"""Writes the head of a response and its body with one system call; uvicorn would take one for each."""

from __future__ import annotations

import asyncio


class JoinedWrites:
    """What a response sees of its connection's transport. It joins two writes of one turn of the event loop.

    The first waits for the second, for the end of the response or for the next turn, whichever comes first.
    """

    __slots__ = ("_has_ended", "_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self._has_ended = False

    def is_closing(self) -> bool:
        """Whether what is written now would not be sent."""
        return self._has_ended or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write data, now or soon, unless the connection is lost."""
        held, self._held = self._held, b""
        if self.is_closing():
            return
        if held:
            self._transport.writelines((held, data))
        else:
            self._held = data
            self._loop.call_soon(self.flush)

    def write_last(self, data: bytes) -> None:
        """Write data now, and nothing after it; the sender may still be sending."""
        self.flush()
        self._has_ended = True
        self._transport.write(data)
        self._transport.write_eof()

    def flush(self) -> None:
        """Write what is held, unless the connection is lost."""
        held, self._held = self._held, b""
        if held and not self.is_closing():
            self._transport.write(held)

    def close(self) -> None:
        """Close the connection once everything is written."""
        self.flush()
        self._transport.close()
