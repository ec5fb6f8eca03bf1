"""Outcomes in, what they came to, added up, out: what is counted of them once they are gone."""

from __future__ import annotations

from ..core.mapping.model import EVENT_TYPES
from ..core.outcome import Outcome


class OutcomeCounts:
    """What one call came to: events by type, records rejected by rule, records dropped.

    Attributes:
        elements: webhook requests in it.
        types: how many events of each type; `other` are those a plugin left with none of RudderStack's.
        rejections: how many records each rule rejected.
        dropped: how many records were left out on purpose.
    """

    __slots__ = ("dropped", "elements", "rejections", "types")

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.types: dict[str, int] = {}
        self.rejections: dict[str, int] = {}
        self.dropped = 0

    @property
    def events(self) -> int:
        """How many events there are."""
        return sum(self.types.values())

    @property
    def rejected(self) -> int:
        """How many records were rejected."""
        return sum(self.rejections.values())

    def add(self, outcome: Outcome) -> None:
        """Add what one element came to."""
        types = self.types
        for event in outcome.events:
            type_ = event.get("type")
            if type_.__class__ is not str or type_ not in EVENT_TYPES:
                type_ = "other"
            types[type_] = types.get(type_, 0) + 1
        self.dropped += outcome.dropped
        for rejection in outcome.rejections:
            self.rejections[rejection.rule] = self.rejections.get(rejection.rule, 0) + 1
