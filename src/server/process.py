"""Sets up a worker process: its end, its memory, its garbage collector and how many files it may open."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys

_MOST_CONNECTIONS = 50_000
_OTHER_FILES = 200
"""Files a worker has open besides its connections."""
_PR_SET_PDEATHSIG = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_FREE_MEMORY, _FREE_BLOCK = 32 << 20, 8 << 20
"""Bytes of free memory that a worker keeps, and of the longest block in it."""


def end_with(parent: int) -> None:
    """End this process when its parent is killed: it would hold the port, and nobody would replace it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise SystemExit(0)


def keep_free_memory() -> None:
    """Let glibc keep the memory of one array for the next.

    It would give it back to the system each time, and faulting it in again takes as long as parsing the array.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_TRIM_THRESHOLD, _FREE_MEMORY)
        mallopt(_M_MMAP_THRESHOLD, _FREE_BLOCK)


def relax_collector() -> None:
    """Collect garbage seldom: events hold no cycles, so reference counts free them.

    At its default thresholds the collector walks what a batch has made so far again and again: a fifth of the
    time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def allow_open_files() -> int:
    """Let this process open all the files it may; how many connections it can keep then."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(_MOST_CONNECTIONS, max(most - _OTHER_FILES, 1))
