"""Delivers to a file or to stdout, as JSON lines."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from .destination import Accepted, Answer, Unreachable

_BLOCK = 1 << 16
_TRIES = 3
"""How often a batch is written if the file is deleted, moved or truncated meanwhile."""


class JsonLines:
    """Appends to a file; one that is full is put aside as `<name>.000001`, and so on."""

    def __init__(self, path: Path, *, rotate_bytes: int, rotate_keep: int = 0) -> None:
        self._path, self._limit, self._keep = path, rotate_bytes, rotate_keep
        self._fd: int | None = None
        self._lock = threading.Lock()

    async def send(self, source: str, events: Sequence[bytes]) -> Answer:  # noqa: ARG002 - the same file for all
        """Append the events, and wait for the disk."""
        try:
            await asyncio.to_thread(self._append, b"\n".join((*events, b"")))
        except OSError as error:
            return Unreachable(type(error).__name__ if error.errno is None else os.strerror(error.errno))
        return Accepted()

    def use_keys(self, keys: Mapping[str, str]) -> None:
        """A file needs none."""

    async def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._shut()

    def _append(self, data: bytes) -> None:
        """Write the data to the file that is at the path now: it would be lost in one deleted or moved away."""
        with self._lock:
            for _ in range(_TRIES):
                fd = self._ready(len(data))
                with _locked(fd):
                    size = os.fstat(fd).st_size
                    self._write(fd, size, data)
                    if _is_at(fd, self._path, size + len(data)):
                        return
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def _ready(self, length: int) -> int:
        """The open file at the path, with room for so many bytes."""
        fd = self._fd
        if fd is None or not _is_at(fd, self._path):
            self._shut()
            fd = self._open()
        size = os.fstat(fd).st_size
        return self._rotate() if size and size + length > self._limit else fd

    def _write(self, fd: int, size: int, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(fd, data[written:] if written else data)
            os.fsync(fd)
        except OSError:
            with suppress(OSError):
                if os.fstat(fd).st_size == size + written:  # else somebody else has written to it
                    os.ftruncate(fd, size)  # the retry would repeat the part written
            self._shut()
            raise

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with _locked(fd):
            _mend(fd)
        _sync_folder(self._path.parent)
        return fd

    def _rotate(self) -> int:
        self._shut()
        aside = self._aside()
        number = int(aside[-1].suffix[1:]) + 1 if aside else 1
        self._path.rename(self._path.with_name(f"{self._path.name}.{number:06}"))
        if self._keep:
            for path in self._aside()[: -self._keep]:
                path.unlink()
        return self._open()

    def _aside(self) -> list[Path]:
        prefix = self._path.name + "."
        numbered = (path for path in self._path.parent.iterdir() if path.name.startswith(prefix))
        return sorted(
            (path for path in numbered if path.name.removeprefix(prefix).isdecimal()),
            key=lambda path: int(path.suffix[1:]),
        )

    def _shut(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class Stdout:
    """Writes to an open stream, and leaves it open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    async def send(self, source: str, events: Sequence[bytes]) -> Answer:  # noqa: ARG002
        """Write the events; a reader that is slow slows delivery."""
        try:
            await asyncio.to_thread(self._write, b"\n".join((*events, b"")))
        except OSError as error:
            return Unreachable(type(error).__name__)
        return Accepted()

    def use_keys(self, keys: Mapping[str, str]) -> None:
        """A stream needs none."""

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, data: bytes) -> None:
        with self._lock:
            self._stream.write(data)
            self._stream.flush()


@contextmanager
def _locked(fd: int) -> Iterator[None]:
    """Let no other worker write to an open file, or mend what this one has not written to the end."""
    with suppress(OSError):  # not every file system has locks
        fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):  # after a failure it is closed, and not locked any more
            fcntl.flock(fd, fcntl.LOCK_UN)


def _is_at(fd: int, path: Path, size: int = 0) -> bool:
    """Whether an open file is still the one at this path, and has at least so many bytes."""
    held = os.fstat(fd)
    try:
        there = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return os.path.samestat(held, there) and held.st_size >= size


def _mend(fd: int) -> None:
    """Remove a last line that a crash cut off: its event is sent again."""
    size = os.fstat(fd).st_size
    begin = _last_line(fd, size)
    if begin == size:
        return
    try:
        msgspec.json.decode(os.pread(fd, size - begin, begin))
    except ValueError:
        os.ftruncate(fd, begin)
    else:
        os.write(fd, b"\n")


def _last_line(fd: int, size: int) -> int:
    """The offset after the last newline."""
    end = size
    while end:
        start = max(end - _BLOCK, 0)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
