"""Writes the head of a response and its body with one system call; uvicorn would take one for each."""

from __future__ import annotations

import asyncio

_LINGER_SECONDS = 10.0
"""How long a sender may go on sending after the response to what it sends."""


class JoinedWrites:
    """What a response sees of its connection's transport. It joins two writes of one turn of the event loop.

    The first waits for the second, for the end of the response or for the next turn, whichever comes first.

    Attributes:
        has_ended: whether the end of the stream was written.
        lingers: whether the sender is still sending. A connection that is closed then is reset, and the sender
            may lose the response; so it is only half closed, for a while.
    """

    __slots__ = ("_held", "_loop", "_transport", "has_ended", "lingers")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self.has_ended = False
        self.lingers = False

    def is_closing(self) -> bool:
        """Whether what is written now would not be sent."""
        return self.has_ended or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write data, now or soon, unless the connection is lost."""
        if self.has_ended:
            return
        held, self._held = self._held, b""
        if not held:
            self._held = data
            self._loop.call_soon(self.flush)
        elif not self._transport.is_closing():
            self._transport.writelines((held, data))

    def write_last(self, data: bytes) -> None:
        """Write data now, and nothing after it; the sender may still be sending."""
        self.flush()
        self.has_ended = True
        self._transport.write(data)
        self._transport.write_eof()

    def flush(self) -> None:
        """Write what is held, unless the connection is lost."""
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)

    def close(self) -> None:
        """Close the connection once everything is written."""
        self.flush()
        if self.lingers and not self.is_closing():
            self.has_ended = True
            self._transport.write_eof()
            self._loop.call_later(_LINGER_SECONDS, self._transport.abort)
        else:
            self._transport.close()
