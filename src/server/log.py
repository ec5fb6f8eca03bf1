"""Logging, on stderr: JSON lines, or a console's. Nobody logs a body, a header or a setting."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Hashable
from typing import Any, Literal

import structlog

from ..core.codec import encode

Format = Literal["json", "console"]
_QUIET = 10.0
"""Seconds."""


def configure(format_: Format, level: str) -> None:
    """Set up structlog for this process, and let what other libraries log come the same way."""
    json, colors = format_ == "json", sys.stderr.isatty()
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    render: Any = (
        structlog.processors.JSONRenderer(_line) if json else structlog.dev.ConsoleRenderer(colors=colors)
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if json
        else structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings quote what is posted
    logging.basicConfig(handlers=[_Others(logging.WARNING)], level=logging.WARNING, force=True)


def where(error: BaseException) -> list[str]:
    """Where an exception came through, innermost last; not its message, which may hold a sender's value."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


class RateLimitedLogger:
    """Warns of a thing of a kind at once, and then once in ten seconds, with how often it was meanwhile."""

    def __init__(self, logger: Any) -> None:
        self._log = logger
        self._quiet: dict[Hashable, tuple[float, int]] = {}

    def warning(self, kind: Hashable, event: str, **about: Any) -> None:
        """Warn of it; there must be few kinds, for each is remembered."""
        now = time.monotonic()
        until, missed = self._quiet.get(kind, (0.0, 0))
        if now < until:
            self._quiet[kind] = (until, missed + 1)
            return
        self._quiet[kind] = (now + _QUIET, 0)
        self._log.warning(event, **about, **({"times": missed + 1} if missed else {}))


def _line(entry: Any, **_: Any) -> bytes:
    return encode(entry)


class _Others(logging.Handler):
    """Hands what other libraries log to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name)
