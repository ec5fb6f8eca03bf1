"""A mapping file as values: its rules, their rows, and what each row does with the value it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import force_setattr

from ..json_value import Steps
from .functions import Function
from .path import Path, Target
from .pattern import Pattern

DROP = "drop"
EVENT_TYPES = ("identify", "track", "page", "screen", "group", "alias")
IDENTITY = ("userId", "anonymousId", "groupId", "previousId")
"""The fields that identify someone. They are never masked: one mask would turn all people into one."""
OBJECTS = (("context",), ("context", "traits"), ("properties",), ("traits",), ("integrations",))
"""The keys of what is an object in every event, each after what it is in."""
FIELDS = (
    *("userId", "anonymousId", "groupId", "previousId", "name", "category", "channel", "properties", "traits"),
    *("context", "integrations", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "request_ip"),
)
"""The top-level fields RudderStack knows and a row may write. Others pass, unless they are nearly one of these.

Source: https://www.rudderstack.com/docs/event-spec/standard-events/common-fields/
"""
ENVELOPE = ("context", "integrations")
"""The fields to which finishing adds what every event carries."""


class Read(msgspec.Struct, frozen=True):
    """The value at a path, as it is."""

    path: Path


class FirstOf(msgspec.Struct, frozen=True):
    """The first value at one of these paths that is not absent, null or `""`."""

    paths: tuple[Path, ...]


class ListOf(msgspec.Struct, frozen=True):
    """All values at these paths that are not absent, null or `""`, as a list."""

    paths: tuple[Path, ...]


class Constant(msgspec.Struct, frozen=True):
    """A value written in the mapping."""

    value: Any


class Template(msgspec.Struct, frozen=True):
    """Text with the values of paths in it; if one of them is absent, there is no value."""

    parts: tuple[str | Path, ...]


class Build(msgspec.Struct, frozen=True):
    """An object made of members; a member without a value is left out."""

    members: tuple[tuple[str, Row], ...]


Origin: TypeAlias = Read | FirstOf | ListOf | Constant | Template | Build


class Row(msgspec.Struct, frozen=True):
    """One line of a mapping: where a value comes from, what is done with it (in this order), where it goes.

    `steps` lead to the row in the mapping file.
    """

    origin: Origin
    when: Pattern | None = None
    omit: tuple[Path, ...] = ()
    pick: tuple[Path, ...] = ()
    each: tuple[Row, ...] | None = None
    apply: tuple[Function, ...] = ()
    lookup: dict[str, Any] | None = None
    fallback: Row | None = None
    to: tuple[Target, ...] = ()
    steps: Steps = ()

    def origin_paths(self) -> Iterator[Path]:
        """List the paths the row starts from, but not those of the members it builds."""
        match self.origin:
            case Read(path):
                yield from self._with_picked((path,))
            case FirstOf(paths) | ListOf(paths):
                yield from self._with_picked(paths)
            case Template(parts):
                yield from (part for part in parts if isinstance(part, Path))

    def paths(self, *, inner: bool) -> Iterator[Path]:
        """List the paths the row reads; with `inner` also those of its `each`, which read from elements."""
        if self.when is not None:
            yield from self.when.paths()
        yield from self.origin_paths()
        if isinstance(self.origin, Build):
            for _, member in self.origin.members:
                yield from member.paths(inner=inner)
        if self.fallback is not None:
            yield from self.fallback.paths(inner=inner)
        for row in (self.each or ()) if inner else ():
            yield from row.paths(inner=True)

    def _with_picked(self, paths: tuple[Path, ...]) -> Iterator[Path]:
        yield from paths
        yield from (path.joined(picked) for path in paths for picked in self.pick)


class Rule(msgspec.Struct, frozen=True):
    """Which records become which event.

    Attributes:
        label: its name in ids and reasons.
        type: an event type, `drop`, or None if an event that is passed through brings its own.
        passthrough: the path of an event that is passed through.
        redacted: whether what its rows read is masked.
        ids, objects: what of `IDENTITY` and `OBJECTS` to check in its events; derived, not given.
    """

    label: str
    type: str | None
    rows: tuple[Row, ...] = ()
    when: Pattern | None = None
    event: Row | None = None
    each: Path | None = None
    passthrough: Path | None = None
    redacted: bool = False

    ids: tuple[str, ...] = ()
    objects: tuple[tuple[str, ...], ...] = ()

    def event_rows(self) -> tuple[Row, ...]:
        """List what makes an event: what is passed through, as if a row read it, the name, then the rows."""
        passed = () if self.passthrough is None else (Row(Read(self.passthrough)),)
        name = () if self.event is None else (self.event,)
        return passed + name + self.rows

    def paths(self) -> Iterator[Path]:
        """List the paths it reads to make an event."""
        for row in self.event_rows():
            yield from row.paths(inner=True)

    def __post_init__(self) -> None:
        """Work out which fields must be checked: those the rows write, or all of an event passed through."""
        targets = [target for row in self.rows for target in row.to]
        written = {target.keys[0] for target in targets}
        ids = (field for field in IDENTITY if self.passthrough or field in written)
        force_setattr(self, "ids", tuple(ids))
        objects = (keys for keys in OBJECTS if self.passthrough or any(one.replaces(keys) for one in targets))
        force_setattr(self, "objects", tuple(objects))


class ReplyRule(msgspec.Struct, frozen=True):
    """What to reply to a record whose sender waits for an answer; with `events` it also goes to the rules."""

    when: Pattern | None
    body: Row
    content_type: str
    events: bool = False


class EventMapping(msgspec.Struct, frozen=True):
    """A whole mapping file. The rows shared by all rules stand at the end of the rows of each rule."""

    integration: str
    rules: tuple[Rule, ...]
    replies: tuple[ReplyRule, ...] = ()
    emit_all: bool = False
    drop_unmatched: bool = False

    @property
    def rules_read_headers(self) -> bool:
        """Whether it depends on a header which rule matches."""
        conditions = (rule.when for rule in self.rules if rule.when is not None)
        paths = (path for condition in conditions for path in condition.paths() if path.root == "$request")
        return any(path.keys[:1] in ((), ("headers",)) for path in paths)

    def paths(self) -> Iterator[Path]:
        """List all paths the mapping reads."""
        for rule in self.rules:
            yield from rule.when.paths() if rule.when else ()
            yield from (rule.each,) if rule.each else ()
            yield from rule.paths()
        for reply in self.replies:
            yield from reply.when.paths() if reply.when else ()
            yield from reply.body.paths(inner=True)
