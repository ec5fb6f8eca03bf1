"""Keeps a server running while its stderr cannot be written: on a full disk, or once a pipe has no reader."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import IO, Any


class _LossyStream(io.RawIOBase):
    """Drops what the stream behind it cannot take."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether the stream behind it is a terminal."""
        return self._stream.isatty()

    def write(self, data: Any) -> int:
        """Write the data, or lose it."""
        with suppress(OSError, ValueError):  # ValueError: the stream is closed
            self._stream.write(data)
        return len(data)


def tolerate_failures() -> None:
    """Lose what cannot be written to stderr from now on, instead of raising an error.

    Nothing is buffered: what is left in a buffer would raise an error when a worker starts, or at the exit.
    """
    stderr: Any = sys.stderr  # None if it was closed when the process started
    buffer: Any = stderr.buffer if stderr else io.FileIO(os.devnull, "w")
    if not isinstance(buffer, _LossyStream):
        stream = _LossyStream(getattr(buffer, "raw", buffer))
        encoding = stderr.encoding if stderr else "utf-8"
        sys.stderr = io.TextIOWrapper(stream, encoding, "backslashreplace", write_through=True)
