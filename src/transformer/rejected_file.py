"""A file that keeps rejected records whole, as JSON lines; several processes may write it at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ..core.codec import encode
from ..core.outcome import Rejection


class RejectedFile:
    """An open file. Each call is one write at its end, so that lines of several processes never mix."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its owner only. Raises OSError where that cannot be."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def keep(self, rejections: Iterable[Rejection], request_id: str) -> None:
        """Add rejections, with the time and the request they came in. Raises OSError where the disk is full."""
        about = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "request_id": request_id}
        lines = memoryview(b"".join(encode({**about, **one.as_json()}) + b"\n" for one in rejections))
        while lines:
            lines = lines[os.write(self._file, lines) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
