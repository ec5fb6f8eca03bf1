"""Lists the differences between two versions of a source, each with how much it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, IntEnum
from typing import Any

import msgspec

from ...core.codec import Object
from ...core.mapping.model import IDENTITY
from ...core.outcome import Outcome, Rejection
from .events import MISSING, Change, changes_between, pair_events, type_of
from .requests import NamedRequest
from .versions import Version

_IDS = ("messageId", *IDENTITY)


class Level(IntEnum):
    """How much a version breaks for those who read its events: the part of the version that must move."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


class Kind(Enum):
    """What differs: its level, and what it is called."""

    CHANGED_ID = (Level.MAJOR, "ids changed, which breaks deduplication")
    RENAMED_EVENT = (Level.MAJOR, "events were renamed")
    RETYPED_EVENT = (Level.MAJOR, "events have another type")
    REMOVED_EVENT = (Level.MAJOR, "events are gone")
    REMOVED_PATH = (Level.MAJOR, "paths are gone")
    CHANGED_TYPE = (Level.MAJOR, "values have another type")
    REFUSED = (Level.MAJOR, "requests are refused")
    CHANGED_REPLY = (Level.MAJOR, "replies changed")
    CHANGED_VALUE = (Level.MINOR, "values changed")
    ADDED_EVENT = (Level.MINOR, "events were added")
    ADDED_PATH = (Level.MINOR, "paths were added")
    ADDED_REJECTION = (Level.MINOR, "records are rejected")
    REMOVED_REJECTION = (Level.MINOR, "records are no longer rejected")
    ACCEPTED = (Level.MINOR, "requests are no longer refused")
    ADDED_REPLY = (Level.MINOR, "replies were added")

    @property
    def level(self) -> Level:
        """The part of the version that must move."""
        return self.value[0]

    @property
    def words(self) -> str:
        """What it is called."""
        return self.value[1]

    @property
    def code(self) -> str:
        """Its name for machines: `changed-id`."""
        return self.name.lower().replace("_", "-")


_OF_AN_EVENT = {"event": Kind.RENAMED_EVENT, "type": Kind.RETYPED_EVENT}


class Difference(msgspec.Struct, frozen=True):
    """What differs in one place, in however many requests.

    Attributes:
        kind: what differs.
        where: the path in the event, the event's type and name, or the rule that rejects.
        old, new: the values of the first request; `MISSING` on a side that has none.
        requests: the names of the requests, one for each time.
    """

    kind: Kind
    where: str
    old: Any
    new: Any
    requests: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True):
    """Two versions compared: how many requests, how many events they have of each, and what differs."""

    requests: int
    old_events: int
    new_events: int
    differences: tuple[Difference, ...]


def compare(old: Version, new: Version, requests: Sequence[NamedRequest]) -> Comparison:
    """Run both versions on the same requests."""
    found: dict[tuple[Kind, str], tuple[Change, list[str]]] = {}
    old_events = new_events = 0
    for request in requests:
        for before, after in request.outcomes(old, new):
            old_events += len(before.events)
            new_events += len(after.events)
            for kind, change in _differences(before, after):
                found.setdefault((kind, change.path), (change, []))[1].append(request.name)
    order = list(Kind)
    differences = [
        Difference(kind, where, change.old, change.new, tuple(names))
        for (kind, where), (change, names) in sorted(found.items(), key=lambda entry: order.index(entry[0][0]))
    ]
    return Comparison(len(requests), old_events, new_events, tuple(differences))


def _differences(old: Outcome, new: Outcome) -> Iterator[tuple[Kind, Change]]:
    pairs, removed, added = pair_events(old.events, new.events)
    yield from ((Kind.REMOVED_EVENT, Change(_name(event), event, MISSING)) for event in removed)
    yield from ((Kind.ADDED_EVENT, Change(_name(event), MISSING, event)) for event in added)
    for before, after in pairs:
        yield from ((_kind(change), change) for change in changes_between(before, after))
    yield from _rejections(old.rejections, new.rejections)
    if bool(old.refused) != bool(new.refused):
        kind = Kind.REFUSED if new.refused else Kind.ACCEPTED
        yield kind, Change("request", old.refused or MISSING, new.refused or MISSING)
    if old.reply != new.reply:
        kind = Kind.CHANGED_REPLY if old.reply else Kind.ADDED_REPLY
        replies = (reply.body.decode() if reply else MISSING for reply in (old.reply, new.reply))
        yield kind, Change("reply", *replies)


def _kind(change: Change) -> Kind:
    if change.path in _IDS:
        return Kind.CHANGED_ID
    if change.path in _OF_AN_EVENT:
        return _OF_AN_EVENT[change.path]
    if change.old is MISSING:
        return Kind.ADDED_PATH
    if change.old is None:  # nobody could read anything there
        return Kind.CHANGED_VALUE
    if change.new is MISSING:
        return Kind.REMOVED_PATH
    return Kind.CHANGED_VALUE if type_of(change.old) is type_of(change.new) else Kind.CHANGED_TYPE


def _name(event: Object) -> str:
    """Write the type of an event, and its name if it has one: `track Order Paid`."""
    return " ".join([event["type"], *([str(event["event"])] if "event" in event else [])])


def _rejections(old: Iterable[Rejection], new: Iterable[Rejection]) -> Iterator[tuple[Kind, Change]]:
    """List the rejections that only one version has, known by their place and rule."""
    before, after = ({(x.line, x.pointer, x.rule): x for x in rejections} for rejections in (old, new))
    for place, rejection in before.items():
        if place not in after:
            yield Kind.REMOVED_REJECTION, Change(rejection.rule, rejection.reason, MISSING)
    for place, rejection in after.items():
        if place not in before:
            yield Kind.ADDED_REJECTION, Change(rejection.rule, MISSING, rejection.reason)
