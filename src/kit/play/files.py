"""Reads and writes the files of one folder, and never one outside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
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


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files to a folder, all of them or none, each with the line ends and the mode it had.

    A link is never followed.

    Raises:
        OSError: a file cannot be written.
    """
    written = {folder / f".{name}.new": folder / name for name in texts}
    try:
        for new, path in written.items():
            _write_new(new, texts[path.name], like=path)
        for new, path in written.items():
            new.replace(path)
    finally:
        for new in written:
            new.unlink(missing_ok=True)


def _write_new(new: Path, text: str, *, like: Path) -> None:
    before = _read(like)
    if before is not None and b"\r\n" in before:
        text = text.replace("\n", "\r\n")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(new, flags, 0o666), "wb") as file:
        file.write(text.encode())
        if before is not None:
            os.fchmod(file.fileno(), stat.S_IMODE(like.stat().st_mode))


def _read(path: Path) -> bytes | None:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_BYTES + 1) if is_file else None
    except OSError:
        return None
    return None if data is None or len(data) > MAX_BYTES else data
