"""What the metrics of both servers share: buckets, the content type, and counting over several workers."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import values

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

WORKERS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which workers share what they count."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the buckets of answer times."""


def share_among_workers(folder: Path) -> None:
    """Let the workers this process will have share what they count, in a folder of files."""
    os.environ[WORKERS_FOLDER] = str(folder)
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call] # decided at import else
