"""A destination: a source's events in, what became of them out; and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import msgspec


class Accepted(msgspec.Struct, frozen=True):
    """The destination has all of the events, durably."""


class Refused(msgspec.Struct, frozen=True):
    """The destination has none of them, and trying them again would change nothing."""

    status: int | None
    """None where they were not even sent."""
    text: str
    """What it said, fit to be logged: without keys and without what was sent."""
    always: bool = False
    """It refuses whatever is sent so: a key or an address is wrong, not an event."""


class Retry(msgspec.Struct, frozen=True):
    """The destination has none of them, as far as is known: they are worth another try."""

    after: float | None
    """Seconds it asks to be left alone."""
    why: str
    """A word or two out of few, such as `ConnectError` or `status 503`: metrics count by it."""
    text: str = ""
    """What it said besides, fit to be logged."""
    status: int = 0
    """That of its answer, where there was one."""


Answer: TypeAlias = Accepted | Refused | Retry


class Destination(Protocol):
    """Where events go."""

    async def send(self, source: str, events: Sequence[bytes]) -> Answer:
        """Send the events of one source, each as UTF-8 JSON, in order and all or none."""

    async def close(self) -> None:
        """Give back what it holds open."""


class Observer(Protocol):
    """Told what delivery does."""

    def delivered(self, source: str, count: int) -> None:
        """The destination has so many more of the source's events."""

    def retried(self, source: str, why: str) -> None:
        """A batch of the source's was not accepted and will be sent again."""

    def dead(self, source: str, rule: str, count: int) -> None:
        """So many of the source's events became dead letters."""

    def breaker(self, is_open: bool) -> None:
        """The circuit breaker opened, or closed."""

    def held(self, source: str, is_held: bool) -> None:
        """The destination refuses whatever is sent of a source, or does so no more."""


class Unobserved:
    """Nobody is told."""

    def delivered(self, source: str, count: int) -> None:
        """Nothing."""

    def retried(self, source: str, why: str) -> None:
        """Nothing."""

    def dead(self, source: str, rule: str, count: int) -> None:
        """Nothing."""

    def breaker(self, is_open: bool) -> None:
        """Nothing."""

    def held(self, source: str, is_held: bool) -> None:
        """Nothing."""
