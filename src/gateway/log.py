"""Logging, on stderr: JSON lines, or a console's. Nobody logs a body, a header or a setting."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Literal

import structlog

from ..core.codec import encode

Format = Literal["json", "console"]
LEVELS = ("debug", "info", "warning", "error")


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


def _line(entry: Any, **_: Any) -> bytes:
    return encode(entry)


class _Others(logging.Handler):
    """Hands what other libraries log to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name)
