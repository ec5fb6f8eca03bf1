"""A mapping file as values: rules, rows, and what each row does with what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .functions import Apply
from .path import Path, Target
from .pattern import Pattern

DROP = "drop"
EVENT_TYPES = ("identify", "track", "page", "screen", "group", "alias")
IDENTITY = ("userId", "anonymousId", "groupId", "previousId")
"""The fields that say whose event it is. They are never masked: one mask for all would make all people one."""
OBJECTS = ("context", "properties", "traits", "integrations")
"""The fields that are objects in every event."""
FIELDS = (
    *("userId", "anonymousId", "groupId", "previousId", "name", "category", "channel", "properties", "traits"),
    *("context", "integrations", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "request_ip"),
)
"""The top-level fields of RudderStack's events that a row may write; others pass, unless they are nearly these.

Source: https://www.rudderstack.com/docs/event-spec/standard-events/common-fields/
"""
ENVELOPE = ("context", "integrations")
"""The fields into which finishing writes what every event carries."""


@dataclass(frozen=True, slots=True)
class Read:
    """The value at a path, as it is."""

    path: Path


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first of these paths whose value is not absent, null or `""`."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the mapping."""

    value: Any


@dataclass(frozen=True, slots=True)
class Template:
    """Text with values of paths in it; a part without a value leaves the whole without."""

    parts: tuple[str | Path, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """An object of members; a member without a value is left out."""

    members: tuple[tuple[str, Row], ...]


Origin: TypeAlias = Read | FirstOf | Constant | Template | Build


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a mapping: where a value comes from, what is done with it in this order, where it goes."""

    origin: Origin
    when: Pattern | None = None
    omit: tuple[Path, ...] = ()
    pick: tuple[Path, ...] = ()
    each: tuple[Row, ...] | None = None
    apply: tuple[Apply, ...] = ()
    lookup: dict[str, Any] | None = None
    otherwise: Row | None = None
    to: tuple[Target, ...] = ()

    def paths(self, *, inner: bool) -> Iterator[Path]:
        """The paths the row reads; `inner` adds those of its `each`, which reads and writes elsewhere."""
        if self.when is not None:
            yield from self.when.paths()
        match self.origin:
            case Read(path):
                yield path
            case FirstOf(paths):
                yield from paths
            case Template(parts):
                yield from (part for part in parts if isinstance(part, Path))
            case Build(members):
                for _, member in members:
                    yield from member.paths(inner=inner)
        if self.otherwise is not None:
            yield from self.otherwise.paths(inner=inner)
        for row in (self.each or ()) if inner else ():
            yield from row.paths(inner=True)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which records become which event.

    `type` is an event type, `drop`, or None where the record passed through brings its own. `ids` and `objects`
    are those of `IDENTITY` and `OBJECTS` that its events may have.
    """

    label: str
    type: str | None
    rows: tuple[Row, ...] = ()
    when: Pattern | None = None
    event: Row | None = None
    each: Path | None = None
    passed: Path | None = None

    ids: tuple[str, ...] = field(init=False, compare=False)
    objects: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out which fields need a look when an event is finished: any, where a record passes through."""
        written = {target.keys[0] for row in self.rows for target in row.to}
        for name, fields in (("ids", IDENTITY), ("objects", OBJECTS)):
            asked = tuple(one for one in fields if self.passed is not None or one in written)
            object.__setattr__(self, name, asked)


@dataclass(frozen=True, slots=True)
class ReplyRule:
    """What to answer a record that asks for an answer."""

    when: Pattern | None
    body: Row
    content_type: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole mapping file. Rows shared by all rules stand at the end of each rule's own."""

    integration: str
    rules: tuple[Rule, ...]
    replies: tuple[ReplyRule, ...] = ()
    emit_all: bool = False
    drop_unmatched: bool = False

    def paths(self) -> Iterator[Path]:
        """All paths the mapping reads."""
        for rule in self.rules:
            yield from rule.when.paths() if rule.when else ()
            yield from (path for path in (rule.each, rule.passed) if path)
            for row in (*rule.rows, *((rule.event,) if rule.event else ())):
                yield from row.paths(inner=True)
        for reply in self.replies:
            yield from reply.when.paths() if reply.when else ()
            yield from reply.body.paths(inner=True)
