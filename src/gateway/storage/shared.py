"""Defines what a store that several gateways share does besides, so that each of them can tell of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import msgspec


class ClusterStats(msgspec.Struct, frozen=True):
    """How one gateway gets on with the cluster that keeps the events.

    Attributes:
        buckets: how many of the buckets of users it delivers.
        unowned: how many of them no gateway delivers.
        written_at: when a write last succeeded, in epoch seconds.
        publishes: how many messages it has published.
        reconnects: how often it has lost its connection, and got another one.
    """

    buckets: int
    unowned: int
    written_at: float
    publishes: int
    reconnects: int


@runtime_checkable
class SharedStore(Protocol):
    """A store through which gateways hear of each other."""

    def share(
        self,
        report: Callable[[], bytes],
        heard: Callable[[Mapping[str, bytes]], None],
        received: Callable[[bytes], None],
    ) -> None:
        """Exchange reports with the other gateways from `open` on, about once a second.

        Args:
            report: makes the report of this gateway.
            heard: called with the reports of the others, by the id of each. One that has died is there for some
                seconds more.
            received: called with what another gateway broadcasts.
        """

    async def broadcast(self, data: bytes) -> None:
        """Send something to the other gateways. It is lost where it does not arrive at once."""

    def stats(self) -> ClusterStats:
        """As of now, once the store is open."""
