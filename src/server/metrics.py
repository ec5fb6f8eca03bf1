"""What the metrics of both servers have in common, and how several workers share them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of Prometheus's text format."""

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable with the folder in which prometheus_client shares metrics among processes."""

_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the folder made there has a random name, and belongs to its user

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the histograms of response times, in seconds."""


def temporary_folder() -> TemporaryDirectory[str]:
    """Make a folder for the metrics of several workers; in memory if the file system cannot be written.

    Raises:
        OSError: nor can the memory.
    """
    for parent in (None, _SHARED_MEMORY):
        with suppress(OSError):
            return TemporaryDirectory(prefix="springhead-metrics-", dir=parent)
    raise OSError("several workers share a temporary folder, and none can be written: set TMPDIR to one")


def share_among_workers(folder: Path) -> None:
    """Let the workers this process forks share their metrics, in files of this folder."""
    os.environ[MULTIPROCESS_FOLDER] = str(folder)
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call] # it was chosen at import


def forget_worker(pid: int) -> None:
    """Report no longer what a worker that has ended has of something now; what it counted stays."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]


def new_registry() -> CollectorRegistry:
    """A registry for what this process counts, which also says what the process takes if it is the only one."""
    registry = CollectorRegistry()
    if not os.environ.get(MULTIPROCESS_FOLDER):
        ProcessCollector(registry=registry)
    return registry


def metrics_text(registry: CollectorRegistry) -> bytes:
    """The metrics of a registry in Prometheus's text format, summed up over all workers."""
    if folder := os.environ.get(MULTIPROCESS_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
