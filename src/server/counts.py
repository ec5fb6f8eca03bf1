"""Counts the outcomes of requests, for metrics that are written after the outcomes are gone."""

from __future__ import annotations

from ..core.mapping.model import EVENT_TYPES
from ..core.outcome import Outcome


class OutcomeCounts:
    """The sums of one or more outcomes.

    Attributes:
        elements: the number of webhook requests.
        types: events of each type; `other` counts types given by a plugin that RudderStack does not know.
        rejections: records rejected by each rule.
        dropped: records left out on purpose.
        refused: requests refused as not authentic.
    """

    __slots__ = ("dropped", "elements", "refused", "rejections", "types")

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.types: dict[str, int] = {}
        self.rejections: dict[str, int] = {}
        self.dropped = 0
        self.refused = 0

    @property
    def events(self) -> int:
        """The number of events."""
        return sum(self.types.values())

    @property
    def rejected(self) -> int:
        """The number of records rejected."""
        return sum(self.rejections.values())

    def add(self, outcome: Outcome) -> None:
        """Add an outcome."""
        types = self.types
        for event in outcome.events:
            type_ = event.get("type")
            if type_.__class__ is not str or type_ not in EVENT_TYPES:
                type_ = "other"
            types[type_] = types.get(type_, 0) + 1
        self.dropped += outcome.dropped
        for rejection in outcome.rejections:
            self.rejections[rejection.rule] = self.rejections.get(rejection.rule, 0) + 1
