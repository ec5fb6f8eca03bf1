"""The options of the transformer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TransformerOptions:
    """The transformer's options, each with its default.

    Attributes:
        upstream: the URL of a rudder-transformer, which gets every request that is not for one of our sources.
        rejected: a file that keeps rejected records whole, as JSON lines.
        body_limit: the longest array accepted, in bytes, as sent and inflated; rudder-transformer's own limit.
        memory: bytes of memory for arrays: half for those that arrive and are answered, half for large elements
            being mapped.
        read_seconds: how long an array may take to arrive.
        gzip_from: responses of at least this many bytes are gzipped if the caller accepts that; 0 never does.
        access_log: log a line for every array, not only for failures.
    """

    upstream: str | None = None
    rejected: Path | None = None
    body_limit: int = 200_000_000
    memory: int = 256_000_000
    read_seconds: float = 60
    gzip_from: int = 32_768
    access_log: bool = False
