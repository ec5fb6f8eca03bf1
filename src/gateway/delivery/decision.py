"""Decides what becomes of a batch, from the destination's answer."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from ..settings.model import DeliverySettings
from ..storage.records import DeadEvent
from .batch import Batch
from .destination import Accepted, Answer, Failed, Refused, Throttled, Unauthorized, Unreachable
from .poison import dead_event, refusals_allowed


class Delivered(msgspec.Struct, frozen=True):
    """The events are delivered."""


class Split(msgspec.Struct, frozen=True):
    """The events are sent again in smaller batches."""

    reason: str
    pause: bool
    """Whether the source pauses first."""


class Retry(msgspec.Struct, frozen=True):
    """The event is sent again later, alone: it was refused alone."""

    reason: str
    letter: DeadEvent
    """The dead letter that it may become."""
    is_exhausted: bool
    """Whether it was refused as often as it may be."""
    is_proven: bool
    """Whether another event of its source was accepted since it was first refused."""
    pause: bool
    """Whether the source pauses after the first such refusal in a row."""


class GiveUp(msgspec.Struct, frozen=True):
    """The event becomes a dead letter."""

    letter: DeadEvent


class Pause(msgspec.Struct, frozen=True):
    """The source pauses."""

    reason: str
    seconds: float


class Hold(msgspec.Struct, frozen=True):
    """The source is held until an operator corrects its key or the address."""

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
        is_proven: of a single event, whether another one of its source was accepted since it was first refused.
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
    reason = answer.reason if isinstance(answer, Failed) else f"status {answer.status}"
    if not batch.is_single:
        return Split(reason, pause=has_failed)
    (event,) = batch.events
    letter = dead_event(event, answer)
    is_exhausted = event.refusals + 1 >= refusals_allowed(answer, settings)
    if is_exhausted and is_proven:
        return GiveUp(letter)
    return Retry(reason, letter, is_exhausted, is_proven, pause=has_failed)
