"""Opens the files that `transform` reads, inflates those that are gzipped, and shows how much has been read."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn

from .context import fail

MAX_DOCUMENT = 1_000_000_000
"""Bytes of the longest document inflated whole: a small file may hold one that does not fit in memory."""

_BLOCK = 1 << 20
_MAGIC = b"\x1f\x8b"
"""How a gzipped file begins."""


def open_input(path: str, stack: ExitStack) -> BinaryIO:
    """Open a file, or stdin for `-`."""
    return sys.stdin.buffer if path == "-" else stack.enter_context(Path(path).open("rb"))


def read_input(file: BinaryIO, progress: Progress) -> BinaryIO:
    """What is in a file, which moves the progress bar as it is read, and is inflated if it is gzipped."""
    observed = _with_progress(file, progress)
    if not _is_gzipped(file):
        return observed
    return _Inflated(observed, file.name)  # type: ignore[return-value] # only read() is called


def progress_bar() -> Progress:
    """A progress bar on stderr, shown on a terminal only."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def _is_gzipped(file: BinaryIO) -> bool:
    if not isinstance(file, BufferedReader):
        return False  # something took the place of stdin
    start = file.peek(len(_MAGIC))[: len(_MAGIC)]  # a pipe may hold only the first byte yet
    return str(file.name).endswith(".gz") or (start != b"" and _MAGIC.startswith(start))


def _with_progress(file: BinaryIO, progress: Progress) -> BinaryIO:
    """The file, which moves the progress bar as it is read if there is a bar."""
    if progress.disable:
        return file
    size = None if file is sys.stdin.buffer else Path(file.name).stat().st_size
    return _Observed(file, progress, progress.add_task("", total=size))  # type: ignore[return-value] # as above


class _Observed:
    def __init__(self, file: BinaryIO, progress: Progress, task: TaskID) -> None:
        self._file, self._progress, self._task = file, progress, task

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._progress.advance(self._task, len(data))
        return data


class _Inflated:
    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = gzip.GzipFile(fileobj=file), name

    def read(self, size: int = -1) -> bytes:
        """The next bytes, or all the rest; whatever is wrong with the file ends the command."""
        try:
            return self._file.read(size) if size >= 0 else self._rest()
        except EOFError:
            fail(f"{self._name} is cut off: its gzip stream does not end")
        except (gzip.BadGzipFile, zlib.error):
            fail(f"{self._name} is not gzip, or is damaged")

    def _rest(self) -> bytes:
        blocks, size = [], 0
        while block := self._file.read(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > MAX_DOCUMENT:
                fail(f"{self._name} holds a document of more than {MAX_DOCUMENT:,} bytes: inflate it first")
        return b"".join(blocks)
