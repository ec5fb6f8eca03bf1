"""Defines what a destination is, and how it may answer a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec


class Accepted(msgspec.Struct, frozen=True):
    """The destination has all of the events, durably."""


class Refused(msgspec.Struct, frozen=True):
    """The destination refuses the batch: an event in it may be at fault."""

    status: int
    text: str = ""
    """What it answered, with write keys masked; it may quote events."""

    @property
    def reason(self) -> str:
        """As for `Failed`."""
        return f"status {self.status}"


class Failed(msgspec.Struct, frozen=True):
    """The destination failed, closed the connection, or did not answer in time: it may have the events."""

    reason: str
    """One of a few texts, such as `status 503` or `timeout`: metrics count by it."""
    status: int | None = None
    text: str = ""
    """As for `Refused`."""


class Throttled(msgspec.Struct, frozen=True):
    """The destination accepts no events of this source at present, whatever is in the batch."""

    reason: str
    after: float | None = None
    """Seconds it asks senders to wait."""


class Unauthorized(msgspec.Struct, frozen=True):
    """The destination accepts no events of this source until a key or an address is corrected."""

    reason: str


class Unreachable(msgspec.Struct, frozen=True):
    """The destination cannot be reached, or the file cannot be written: no source's events are accepted."""

    reason: str


Answer: TypeAlias = Accepted | Refused | Failed | Throttled | Unauthorized | Unreachable


class Destination(Protocol):
    """Where events go."""

    async def send(self, source: str, events: Sequence[bytes]) -> Answer:
        """Send the events of one source, each as UTF-8 JSON: in order, all or none."""

    def use_keys(self, keys: Mapping[str, str]) -> None:
        """Send the events of these sources with these write keys from now on."""

    async def close(self) -> None:
        """Close its connections or files."""
