"""Serving: an app on Granian, in worker processes that are replaced when they die."""

from __future__ import annotations

import ctypes
import errno
import gc
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from prometheus_client import disable_created_metrics

from . import log, metrics

IDLE_SECONDS = 75
"""How long an idle connection is kept, and a request's head may take. Callers reuse one for up to a minute."""
STOP_SECONDS = 60
"""How long a worker may take to finish what is in flight before it is killed."""
CONNECTIONS = 50_000
"""Connections kept at once; an idle one counts, so that few would shut all others out."""
_FILES = 200
"""Files that are open besides."""

_TO_OUR_LOG = {"handlers": {}, "loggers": {"_granian": {"propagate": True}}}
_PR_SET_PDEATHSIG = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MEMORY_KEPT, _BLOCK_KEPT = 32 << 20, 8 << 20
"""Bytes of free memory that a worker keeps, and of the longest block in it."""


@dataclass(frozen=True)
class Worker:
    """What a worker process runs: makes the app, and sets the process up for it."""

    app: Callable[[], Any]
    log_format: log.Format
    log_level: str

    def __call__(self, *_: Any) -> Any:
        """The app, made in this process."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not the parent's: until it serves, it just ends
        _end_with_parent()
        _keep_memory()
        log.configure(self.log_format, self.log_level)
        app = self.app()
        # Events hold no cycles, so reference counts free them. At its default thresholds the collector walks
        # what a batch has made so far again and again: a fifth of the time.
        disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each, which nobody reads
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        return app


def serve_app(worker: Worker, *, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight.

    Raises:
        SystemExit: with code 1 where workers die as soon as they start.
        OSError: the address is taken, or none of this machine's.
    """
    claim_address(host, port)
    log.configure(worker.log_format, worker.log_level)
    server = Granian(
        "springhead",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        backpressure=_connections(),
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_SECONDS * 1000),
        websockets=False,
        log_dictconfig=_TO_OUR_LOG,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    structlog.get_logger().info("serving", address=f"{host}:{port}", workers=workers)
    with TemporaryDirectory(prefix="springhead-metrics-") as folder:
        if workers > 1:
            metrics.share_among_workers(Path(folder))
        server.serve(target_loader=worker, wrap_loader=False)


def _connections() -> int:
    """How many connections a worker may keep: as many as it may open files, of which it gets all it can."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(CONNECTIONS, max(most - _FILES, 1))


def claim_address(host: str, port: int) -> None:
    """Raise OSError where somebody listens there: Granian would share the port, and each get half the calls."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        why = f"is none to listen at ({(error.strerror or str(error)).lower()}): name one of this machine"
        if error.errno == errno.EADDRINUSE:
            why = "is taken: stop who listens there, or choose another address"
        raise OSError(f"{host}:{port} {why}") from None


def _end_with_parent() -> None:
    """Let no worker outlive a parent that was killed: it would hold the port, and nobody would replace it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _keep_memory() -> None:
    """Let glibc keep the memory of one array for the next.

    It would give it back to the system each time, and faulting it in again takes as long as parsing the array.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_TRIM_THRESHOLD, _MEMORY_KEPT)
        mallopt(_M_MMAP_THRESHOLD, _BLOCK_KEPT)
