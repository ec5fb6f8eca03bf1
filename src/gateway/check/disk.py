"""Checks that the disk of the store has space, and that what is written to it is kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..settings import Settings
from .paths import nearest_existing
from .result import CheckResult

RESERVE = 2**26
"""Bytes that the store leaves free on its disk: with less, the gateway accepts nothing."""


def check_disk(settings: Settings) -> Iterator[CheckResult]:
    """Report whether a file can be written beside the store, and whether the store can grow to `max_bytes`."""
    folder = nearest_existing(settings.gateway.data)
    try:
        free = shutil.disk_usage(folder).free
        _write_and_sync(folder)
    except OSError as error:
        reason = f"a file in {folder} cannot be written: {os.strerror(error.errno or 0)}"
        yield CheckResult("disk", "problem", reason, "make it writable for the user who runs the gateway")
        return
    growth = settings.store.max_bytes - _size(settings.gateway.data)
    reason = f"the disk of {folder} has {_gigabytes(free)} free"
    if free < RESERVE:
        advice = "free space on it: events are refused with 503"
        yield CheckResult("disk", "problem", f"{reason}, of which {_gigabytes(RESERVE)} are left free", advice)
    elif free < growth + RESERVE:
        advice = "lower max_bytes in [store], or use a larger disk"
        yield CheckResult("disk", "advice", f"{reason}; the store may take {_gigabytes(growth)} more", advice)
    else:
        yield CheckResult("disk", "ok", reason)


def _size(folder: Path) -> int:
    """Bytes of the files in a folder, if it exists."""
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.2f} GB"


def _write_and_sync(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        file.flush()
        os.fsync(file.fileno())
