"""Decides what becomes of a batch, from the destination's answer."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from ..settings.model import DeliverySettings
from ..storage.records import DeadEvent
from .batch import Batch
from .destination import Accepted, Answer, Failed, Refused, Throttled, Unauthorized, Unreachable
from .poison import dead_event, refusals_after


class Delivered(msgspec.Struct, frozen=True):
    """The events are delivered."""


class Split(msgspec.Struct, frozen=True):
    """The events are sent again in smaller batches."""

    reason: str
    pauses: bool
    """Whether the source pauses before."""


class Retry(msgspec.Struct, frozen=True):
    """The event is sent again later, alone."""

    reason: str
    refusals: int
    """How often it now counts as refused alone."""
    is_exhausted: bool
    """Whether that is as often as it may be."""
    pauses: bool
    """Whether the source pauses, too."""


class GiveUp(msgspec.Struct, frozen=True):
    """The event becomes a dead letter."""

    letter: DeadEvent


class Pause(msgspec.Struct, frozen=True):
    """The source pauses."""

    reason: str
    seconds: float


class Hold(msgspec.Struct, frozen=True):
    """The source is held until an operator has corrected what is wrong, and tried now and then."""

    reason: str


class Down(msgspec.Struct, frozen=True):
    """All sources pause: the destination cannot be reached."""

    reason: str


Decision: TypeAlias = Delivered | Split | Retry | GiveUp | Pause | Hold | Down


def decide(answer: Answer, batch: Batch, *, is_proven: bool, settings: DeliverySettings) -> Decision:
    """Decide what becomes of a batch.

    Args:
        answer: the destination's answer.
        batch: what was sent.
        is_proven: of a single event, whether another one of its source, sent since its first refusal, had been
            accepted before it was sent.
        settings: the settings' `[delivery]`.
    """
    match answer:
        case Accepted():
            return Delivered()
        case Unreachable():
            return Down(answer.reason)
        case Unauthorized():
            return Hold(answer.reason)
        case Throttled():
            return Pause(answer.reason, answer.after or 0.0)
        case Refused() | Failed():
            return _refused(answer, batch, is_proven, settings)


def _refused(
    answer: Refused | Failed, batch: Batch, is_proven: bool, settings: DeliverySettings
) -> Split | Retry | GiveUp:
    has_failed = isinstance(answer, Failed)
    if len(batch) > 1:
        return Split(answer.reason, pauses=has_failed)
    (event,) = batch
    refusals = refusals_after(event, answer, settings)
    is_exhausted = refusals >= settings.attempts
    if is_exhausted and is_proven:
        return GiveUp(dead_event(event, answer))
    return Retry(answer.reason, refusals, is_exhausted, pauses=has_failed)
