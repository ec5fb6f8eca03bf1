"""What an operator may choose about the transformer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TransformerOptions:
    """The transformer's options, each with the default it is served with.

    Attributes:
        upstream: the URL of a rudder-transformer that gets every call that is not for a source of ours.
        rejected: a file that keeps rejected records whole, as JSON lines.
        body_limit: bytes of the longest array taken, as sent and inflated: rudder-transformer's own limit.
        read_seconds: how long an array may take to come in.
        gzip_from: bytes of an answer from which on it is gzipped where the caller takes that; 0 never does.
        access_log: log a line for every array, not only for what goes wrong.
    """

    upstream: str | None = None
    rejected: Path | None = None
    body_limit: int = 200_000_000
    read_seconds: float = 60
    gzip_from: int = 32_768
    access_log: bool = False
