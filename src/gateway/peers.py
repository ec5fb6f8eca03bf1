"""Tells of all gateways that share a store, whichever of them is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress

import msgspec

from .delivery import Delivery
from .delivery.breaker import OpenBreaker
from .recent import RecentRequests
from .storage.shared import SharedStore
from .storage.store import Store


class GatewayReport(msgspec.Struct, frozen=True):
    """What one gateway tells the others.

    Attributes:
        name: its host and port, and the number of the worker if there are several.
        buckets: how many of the store's buckets it delivers; None if the store is not shared.
        down: why the destination cannot be reached from there; None if it can.
        held: sources of which the destination accepts nothing.
        accepted: how many events of each source it has accepted since it started.
        watched: whether somebody watches its live page.
        key: with which it would mask ids.
    """

    name: str
    buckets: int | None
    down: OpenBreaker | None
    held: dict[str, OpenBreaker]
    accepted: dict[str, int]
    watched: bool
    key: bytes

    @property
    def breakers(self) -> dict[str, OpenBreaker]:
        """Its open breakers, by source; that of the destination has an empty name."""
        return self.held if self.down is None else {"": self.down, **self.held}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(GatewayReport).decode


class Peers:
    """The gateways that share a store: this one, and those that it has heard of.

    Attributes:
        is_watched: whether somebody watches the live page of this gateway.
        received: called with what another gateway has for those who watch.
    """

    def __init__(self, name: str, store: Store, delivery: Delivery, recent: RecentRequests) -> None:
        """`name` is what this gateway is called."""
        self.is_watched: Callable[[], bool] = bool
        self.received: Callable[[bytes], object] = len
        self._name = name
        self._store = store if isinstance(store, SharedStore) else None
        self._delivery = delivery
        self._recent = recent
        self._reports: dict[str, GatewayReport] = {}
        self._present: Collection[str] = ()
        """The ids of those that are there now."""
        self._lasting: dict[str, float] = {}
        """Until when the breakers of a gateway count once it is gone, by the monotonic clock."""
        self._known: set[tuple[str, str, float]] = set()
        """Breakers of others that delivery knows of: whose, of which source, and when it opened."""
        if self._store is not None:
            self._store.share(lambda: _encode(self.own), self.hear, self._receive)

    @property
    def own(self) -> GatewayReport:
        """The report of this gateway."""
        buckets = None if self._store is None else self._store.stats().buckets
        delivery, accepted = self._delivery, dict(self._recent.accepted)
        about = self.is_watched(), self._recent.key
        return GatewayReport(self._name, buckets, delivery.down, delivery.held, accepted, *about)

    @property
    def gateways(self) -> list[GatewayReport]:
        """The report of each gateway, this one first."""
        return [self.own, *(self._reports[id_] for id_ in self._present if id_ in self._reports)]

    @property
    def accepted(self) -> dict[str, dict[str, int]]:
        """What each gateway has accepted of each source since it started, by the gateway's id."""
        return {"": dict(self._recent.accepted)} | {
            id_: report.accepted for id_, report in self._reports.items()
        }

    @property
    def down(self) -> OpenBreaker | None:
        """The breaker of the destination at any gateway where it is open, this one first."""
        return self._breakers.get("")

    @property
    def held(self) -> dict[str, OpenBreaker]:
        """The sources that are held at any gateway, this one first."""
        return {source: breaker for source, breaker in self._breakers.items() if source}

    @property
    def _breakers(self) -> dict[str, OpenBreaker]:
        reports = [*self._reports.values(), self.own]
        return {source: breaker for report in reports for source, breaker in report.breakers.items()}

    @property
    def key(self) -> bytes:
        """The key with which all gateways mask ids, so that a user looks the same wherever an event came in."""
        return min([self._recent.key, *(report.key for report in self._reports.values())])

    @property
    def others_are_watched(self) -> bool:
        """Whether somebody watches the live page of another gateway."""
        return any(report.watched for report in self._reports.values())

    async def show(self, message: bytes) -> None:
        """Send a message to those who watch the live page of another gateway, if there is anybody."""
        if self._store is not None and self.others_are_watched:
            await self._store.broadcast(message)

    def hear(self, reports: Mapping[str, bytes]) -> None:
        """Take note of the reports of the other gateways, and have delivery begin where they are.

        Of a gateway that is gone the breakers count until another one tries what was paused there.
        """
        now, self._present = time.monotonic(), reports.keys()
        for id_, data in reports.items():
            with suppress(msgspec.MsgspecError):  # another version may say other things
                report = self._reports[id_] = _decode(data)
                self._lasting[id_] = now + max((one.pause for one in report.breakers.values()), default=0.0)
        for id_ in [one for one in self._reports if one not in reports and self._lasting[one] <= now]:
            del self._reports[id_], self._lasting[id_]
        opened = dict(self._open_breakers())
        for key in opened.keys() - self._known:
            self._delivery.follow(key[1], opened[key])
        self._known = set(opened)

    def _receive(self, message: bytes) -> None:
        self.received(message)

    def _open_breakers(self) -> Iterator[tuple[tuple[str, str, float], OpenBreaker]]:
        for id_, report in self._reports.items():
            for source, breaker in report.breakers.items():
                yield (id_, source, breaker.opened_at), breaker
