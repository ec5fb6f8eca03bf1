"""The one way through: items in, an outcome out, one record at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

from .codec import Object, copied, encode, encode_sorted, kind
from .decode import Bad, Item, Where
from .event import Unfinished
from .ids import visible
from .mapping.interpret import Mapped
from .outcome import Outcome, Rejection, Reply
from .request import Request
from .source import Source

Inspect: TypeAlias = Callable[[Object], "Object | None"]
"""What plugins make of a finished event: the event, another one, or None to drop it; raises Unfinished."""


class Passage(msgspec.Struct, frozen=True):
    """One request on its way through: what its records share.

    Attributes:
        id: the caller's own id of the request.
        read: what `$request` reads.
        same: how often a record without an id of its own came so far, by what it holds.
    """

    id: str
    read: Object
    same: dict[str, int] = {}


class Flow:
    """The way of requests through a source, for one operator's settings."""

    __slots__ = ("_accepts", "_config", "_inspect", "_replies", "_run", "_source")

    def __init__(self, source: Source, config: Object, inspect: Inspect | None = None) -> None:
        """Raises ValueError where `config` holds a setting the source does not take."""
        self._source = source
        self._accepts = source.schema.accepts
        self._replies = bool(source.mapper.spec.replies)
        self._run = source.mapper.for_config(config)
        self._config = config
        self._inspect = inspect

    def passage(self, request: Request) -> Passage:
        """What the items of this request are processed with."""
        return Passage(request.id, request.as_read() if self._source.mapper.reads_request else {})

    def process(self, items: Iterable[Item], passage: Passage) -> Outcome:
        """What these items of a request come to. No item, however odd, costs another."""
        outcome = Outcome()
        accepts, unwrap, run = self._accepts, self._source.unwrap, self._run
        for where, item in items:
            if item.__class__ is not dict:
                outcome.rejections.append(self._no_object(where, item))
                continue
            record, steps = unwrap(item) or (item, ())
            if self._replies and self._replied(record, item, passage, outcome):
                continue
            if not accepts(record):
                outcome.rejections.append(self._invalid(where, item, record, steps))
                continue
            mapped = run(record, item, passage.read, self._config)
            if mapped:
                self._finish(mapped, where, item, self._seed(record, item, passage), outcome)
            elif mapped is not None or self._source.mapper.spec.drop_unmatched:
                outcome.dropped += 1
            else:
                outcome.rejections.append(
                    self._rejection(where, item, "unmatched", "no rule of the mapping takes this record", steps)
                )
        return outcome

    def _finish(self, mapped: list[Mapped], where: Where, item: Object, seed: str, outcome: Outcome) -> None:
        finish, inspect = self._source.envelope.finish, self._inspect
        for rule, position, name, fields in mapped:
            if fields is None:
                outcome.dropped += 1
                continue
            try:
                event: Object | None = finish(rule, name, fields, position, seed)
                if inspect is not None:
                    event = inspect(copied(event))  # what a plugin changes is never the record
            except Unfinished as error:
                reason = f"{error} (rule {rule.label})"
                outcome.rejections.append(self._rejection(where, item, error.rule, reason))
                continue
            if event is None:
                outcome.dropped += 1
            else:
                outcome.events.append(event)

    def _seed(self, record: Object, item: Object, passage: Passage) -> str:
        """What the ids of the record's events are derived from: its own id, if it is visible, else its content.

        Records without an id that are the same to the last member are told apart by their count, so that the
        order of a batch does not matter; across requests, by the request's id where the caller gave one.
        """
        own = self._source.native_id(record, None, item, passage.read, self._config)
        if (own.__class__ is str and visible(own)) or own.__class__ is int:
            return f"id/{own}"
        digest = hashlib.sha256(encode_sorted(item)).hexdigest()
        count = passage.same[digest] = passage.same.get(digest, 0) + 1
        return f"content/{count}/{digest}/{passage.id}"

    def _replied(self, record: Object, item: Object, passage: Passage, outcome: Outcome) -> bool:
        found = self._source.mapper.reply(record, item, passage.read, self._config)
        if found is None:
            return False
        rule, body = found
        if outcome.reply is None:
            plain = isinstance(body, str) and not rule.content_type.endswith("json")
            outcome.reply = Reply(body.encode() if plain else encode(body), rule.content_type)
        else:  # a request has one answer; its second asker is left out on purpose, and counted
            outcome.dropped += 1
        return True

    def _no_object(self, where: Where, item: Any) -> Rejection:
        if isinstance(item, Bad):
            return self._rejection(where, item.data, item.rule, item.reason)
        return self._rejection(where, item, "item/object", f"an item must be an object: it is {kind(item)}")

    def _invalid(self, where: Where, item: Object, record: Object, steps: tuple[str, ...]) -> Rejection:
        violations = self._source.schema.violations(record)
        if not violations:
            return self._rejection(where, item, "schema", "the record is not what schema.json asks for", steps)
        first, *others = violations
        if not self._source.schema.names(first.where):
            reason = "a field the schema does not name is not what it allows"
        else:
            reason = f"{'.'.join(map(str, first.where))} {first.reason}".strip()
        reason += f" (and {len(others)} more)" if others else ""
        return self._rejection(where, item, f"schema/{first.keyword}", reason, (*steps, *first.where))

    def _rejection(
        self, where: Where, record: Any, rule: str, reason: str, below: tuple[str | int, ...] = ()
    ) -> Rejection:
        return Rejection(self._source.name, where.pointer(*below), where.line, rule, reason, record)
