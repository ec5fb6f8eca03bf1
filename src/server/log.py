"""Configures logging to stderr, as JSON lines or for a console. No log line holds a body, header or setting."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Hashable
from typing import Any, Literal

import structlog

from ..core.codec import encode
from .stderr import tolerate_failures

Format = Literal["json", "console"]
_INTERVAL_SECONDS = 10.0


def configure(format_: Format, level: str) -> None:
    """Set up structlog for this process, and send the log lines of other libraries through it.

    A line that cannot be written is lost: neither a request nor a delivery may fail because of it.
    """
    tolerate_failures()
    render: Any
    if format_ == "json":
        render = structlog.processors.JSONRenderer(_serialize)
        factory: Any = structlog.BytesLoggerFactory(sys.stderr.buffer)
    else:
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        factory = structlog.WriteLoggerFactory(sys.stderr)
    timestamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, timestamp, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings quote what is posted
    logging.basicConfig(handlers=[_StructlogHandler(logging.WARNING)], level=logging.WARNING, force=True)


def where(error: BaseException) -> list[str]:
    """The stack of an exception, innermost frame last. Its message is left out: it may quote what was sent."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


class RateLimitedLogger:
    """Logs a warning of each kind at most once in ten seconds, with a count of those left out."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._suppressed: dict[Hashable, tuple[float, int]] = {}
        """For each kind: until when its warnings are suppressed, and how many were."""

    def warning(self, kind: Hashable, event: str, **fields: Any) -> None:
        """Log a warning, or count it. There must be few kinds, because each is remembered."""
        now = time.monotonic()
        until, count = self._suppressed.get(kind, (0.0, 0))
        if now < until:
            self._suppressed[kind] = (until, count + 1)
            return
        self._suppressed[kind] = (now + _INTERVAL_SECONDS, 0)
        self._logger.warning(event, **fields, **({"times": count + 1} if count else {}))


def _serialize(entry: Any, **_: Any) -> bytes:
    try:
        return encode(entry)
    except (TypeError, ValueError):  # half a surrogate pair, or a value that is not JSON
        return json.dumps(entry, default=str).encode()


class _StructlogHandler(logging.Handler):
    """Passes the log lines of other libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - logging's own handlers do not raise errors for wrong arguments, either
            message = str(record.msg)
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog knows only these
        structlog.get_logger().log(level, message, logger=record.name)
