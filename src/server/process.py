"""Sets up a worker process: when it ends, its memory, its garbage collector, and its open files."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys

_MAX_CONNECTIONS = 50_000
_OTHER_FILES = 200
"""Files a worker has open in addition to its connections."""
_PR_SET_PDEATHSIG = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_FREE_MEMORY, _FREE_BLOCK = 32 << 20, 8 << 20
"""Bytes of free memory that a worker keeps, and of the largest block it keeps."""


def end_with(parent: int) -> None:
    """End this process when its parent is killed: it would keep the port, and nothing would replace it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise SystemExit(0)


def keep_free_memory() -> None:
    """Let glibc keep the memory of one array for the next.

    It would return it to the system each time, and mapping it again takes as long as parsing the array.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_TRIM_THRESHOLD, _FREE_MEMORY)
        mallopt(_M_MMAP_THRESHOLD, _FREE_BLOCK)


def relax_collector() -> None:
    """Collect garbage rarely: events have no cycles, so reference counts free them.

    At its default thresholds the collector walks the events of a batch again and again as they are made, which
    takes a fifth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def allow_open_files() -> int:
    """Raise the limit of open files as far as allowed, and return how many connections that leaves."""
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return _MAX_CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    return min(_MAX_CONNECTIONS, max(limit - _OTHER_FILES, 1))
