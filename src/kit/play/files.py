"""Reads and writes the files of one folder, and never one outside it."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import msgspec

MAX_BYTES = 2_000_000
"""Bytes of the longest file that is read."""


class DiskFile(msgspec.Struct, frozen=True):
    """A file as it is on disk: its text, whose lines end with a line feed only, and a digest of its bytes."""

    text: str
    digest: str


class Edit(msgspec.Struct, frozen=True):
    """A text to write, and the digest of the file that was edited; None if there was no file."""

    text: str
    digest: str | None


def read_file(path: Path) -> DiskFile | None:
    """Read a file; None if there is none, or a link, or one that is too long to edit."""
    data = _read(path)
    if data is None:
        return None
    return DiskFile(data.decode("utf-8", "replace").replace("\r\n", "\n"), sha256(data).hexdigest())


def is_unchanged(path: Path, edit: Edit) -> bool:
    """Whether a file is on disk as it was when it was edited."""
    data = _read(path)
    return edit.digest == (None if data is None else sha256(data).hexdigest()) and not path.is_symlink()


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, with the line ends and the mode it had. A link is never followed.

    Raises:
        OSError: it cannot be written.
    """
    before = _read(path)
    if before is not None and b"\r\n" in before:
        text = text.replace("\n", "\r\n")
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(new, flags, 0o666), "wb") as file:
        file.write(text.encode())
        if before is not None:
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
    new.replace(path)


def _read(path: Path) -> bytes | None:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_BYTES + 1) if is_file else None
    except OSError:
        return None
    return None if data is None or len(data) > MAX_BYTES else data
