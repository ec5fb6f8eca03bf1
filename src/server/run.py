"""Serves an app in worker processes."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from prometheus_client import disable_created_metrics
from starlette.types import ASGIApp

from . import log, metrics, process
from .asgi import AsgiServer
from .sockets import close, join_address, listen
from .supervisor import START_FAILED, STOP_SECONDS, Supervisor

_GRACE_SECONDS = STOP_SECONDS - 15
"""How long requests in flight may take when a worker ends; the app has the rest to close."""


@dataclass(frozen=True)
class Worker:
    """What a worker process runs.

    Attributes:
        app: makes the app, in the worker, which is given its number.
        log_format: the format of its log lines.
        log_level: the least severe ones written.
    """

    app: Callable[[int], ASGIApp]
    log_format: log.Format
    log_level: str

    def run(self, parent: int, sockets: list[socket.socket], number: int) -> None:
        """Serve until SIGTERM."""
        process.end_with(parent)
        process.keep_free_memory()
        log.configure(self.log_format, self.log_level)
        sys.stdout = sys.stderr  # plugins may print: stdout is for events, and may have lost its reader
        connections = process.allow_open_files()
        disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, which nobody reads
        server = AsgiServer(self._make_app(number), connections=connections, grace_seconds=_GRACE_SECONDS)
        process.relax_collector()
        signal.signal(signal.SIGTERM, server.handle_exit)
        server.run(sockets)
        if not server.started:
            raise SystemExit(START_FAILED)

    def _make_app(self, number: int) -> ASGIApp:
        try:
            return self.app(number)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this worker
            fields = {"error": type(error).__name__, "reason": str(error), "at": log.where(error)}
            structlog.get_logger().error("the app cannot start", **fields)
            raise SystemExit(START_FAILED) from None


def serve_app(  # noqa: PLR0913 - each of its own kind
    worker: Worker,
    *,
    host: str,
    port: int,
    workers: int,
    beside: Sequence[socket.socket] = (),
    on_hangup: Callable[[], bool] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight.

    Args:
        worker: what each worker runs.
        host: the host to listen on.
        port: its port.
        workers: how many there are.
        beside: other sockets on which workers listen, which are closed with its own.
        on_hangup: as for `Supervisor.run`.

    Raises:
        SystemExit: with code 1 if the app cannot start, or a worker had to be killed.
        OSError: the address is taken, or is not an address of this machine; or there is no folder in which
            several workers can share their metrics.
    """
    sockets = listen(host, port)
    with metrics.temporary_folder() if workers > 1 else nullcontext() as folder:
        log.configure(worker.log_format, worker.log_level)
        structlog.get_logger().info("serving", address=join_address(host, port), workers=workers)
        if folder:
            metrics.share_among_workers(Path(folder))
        supervisor = Supervisor(partial(worker.run, os.getpid(), sockets), workers)
        supervisor.run(
            on_stop=partial(close, [*sockets, *beside]),
            on_hangup=on_hangup,
            on_death=metrics.forget_worker if folder else None,
        )
