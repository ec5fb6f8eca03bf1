"""Keeps rejected records whole in a file of JSON lines, which several processes may write at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ..core.codec import encode
from ..core.outcome import Rejection


class RejectedFile:
    """An open file. Each write is one at its end, so that lines of several processes never mix."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, readable by its owner only.

        Raises:
            OSError: it cannot be opened.
        """
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def append(self, rejections: Iterable[Rejection], request_id: str) -> None:
        """Write rejections, with the time and the id of their request.

        Raises:
            OSError: they cannot be written; the disk may be full.
        """
        fields = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "request_id": request_id}
        lines = memoryview(b"".join(encode({**fields, **one.as_json()}) + b"\n" for one in rejections))
        while lines:
            lines = lines[os.write(self._file, lines) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
