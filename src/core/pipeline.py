"""Takes the items of a request through unwrapping, validation, mapping and finishing to an outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from .codec import Object, encode, encode_sorted
from .errors import InvalidConfig, InvalidEvent
from .framing import LocatedItem, Location, Undecodable
from .hook_calls import EventHook
from .ids import strip_invisible
from .json_value import Steps, deep_copy, type_name
from .mapping.interpret import MappedEvent
from .outcome import Outcome, Rejection, Reply
from .request import Request
from .source import Source


class RequestContext(msgspec.Struct, frozen=True):
    """What the records of one request share.

    Attributes:
        id: the caller's id of the request.
        request: what `$request` reads.
        occurrences: counts the records without an id of their own, by the digest of their content.
    """

    id: str
    request: Object
    occurrences: dict[str, int] = {}


class Pipeline:
    """The way through one source, for one operator's settings."""

    __slots__ = ("_accepts", "_config", "_has_replies", "_hook", "_map", "_source")

    def __init__(self, source: Source, config: Object, hook: EventHook | None = None) -> None:
        """Raises InvalidConfig if `config` has a setting that the source does not accept."""
        reason = source.mapper.config_problem(config)
        if reason is not None:
            raise InvalidConfig(source.name, reason)
        self._source = source
        self._accepts = source.schema.accepts
        self._has_replies = bool(source.mapper.mapping.replies)
        self._map = source.mapper.for_config(config)
        self._config = config
        self._hook = hook

    def context(self, request: Request) -> RequestContext:
        """Prepare what the items of this request are processed with."""
        return RequestContext(request.id, request.as_json() if self._source.mapper.reads_request else {})

    def process(self, items: Iterable[LocatedItem], context: RequestContext) -> Outcome:
        """Process items of a request. No item, however odd, affects another."""
        outcome = Outcome()
        accepts, unwrap, map_record = self._accepts, self._source.unwrap, self._map
        for location, item in items:
            if item.__class__ is not dict:
                outcome.rejections.append(self._not_an_object(location, item))
                continue
            record, steps = unwrap(item) or (item, ())
            if self._has_replies and self._reply(record, item, context, outcome):
                continue
            if not accepts(record):
                outcome.rejections.append(self._invalid(location, item, record, steps))
                continue
            mapped = map_record(record, item, context.request, self._config)
            if mapped:
                self._finish(mapped, location, item, self._seed(record, item, context), outcome)
            elif mapped is not None or self._source.mapper.mapping.drop_unmatched:
                outcome.dropped += 1
            else:
                reason = "no rule of the mapping matches this record"
                outcome.rejections.append(self._rejection(location, item, "unmatched", reason, steps))
        return outcome

    def _finish(
        self, mapped: list[MappedEvent], location: Location, item: Object, seed: str, outcome: Outcome
    ) -> None:
        finish, hook = self._source.envelope.finish, self._hook
        for rule, position, name, fields in mapped:
            if fields is None:
                outcome.dropped += 1
                continue
            try:
                event: Object | None = finish(rule, name, fields, position, seed)
                if hook is not None:
                    event = hook(deep_copy(event))  # a plugin may change the event, never the record
            except InvalidEvent as error:
                reason = f"{error.reason} (rule {rule.label})"
                outcome.rejections.append(self._rejection(location, item, error.rule, reason))
                continue
            if event is None:
                outcome.dropped += 1
            else:
                outcome.events.append(event)

    def _seed(self, record: Object, item: Object, context: RequestContext) -> str:
        """Identify the record, by its own id if that is visible, else by its content.

        Equal records without an id are told apart by a count, so that the order of a batch does not matter;
        across requests, by the id of the request if the caller gave one.
        """
        own = self._source.read_id(record, None, item, context.request, self._config)
        if (own.__class__ is str and strip_invisible(own)) or own.__class__ is int:
            return f"id/{own}"
        digest = hashlib.sha256(encode_sorted(item)).hexdigest()
        count = context.occurrences[digest] = context.occurrences.get(digest, 0) + 1
        return f"content/{count}/{digest}/{context.id}"

    def _reply(self, record: Object, item: Object, context: RequestContext, outcome: Outcome) -> bool:
        """Reply to the record if a rule says so; returns whether one did."""
        answer = self._source.mapper.reply(record, item, context.request, self._config)
        if answer is None:
            return False
        rule, body = answer
        if outcome.reply is None:
            is_text = isinstance(body, str) and not rule.content_type.endswith("json")
            outcome.reply = Reply(body.encode() if is_text else encode(body), rule.content_type)
        else:  # a request has one answer: a second record that asks for one is dropped
            outcome.dropped += 1
        return True

    def _not_an_object(self, location: Location, item: Any) -> Rejection:
        if isinstance(item, Undecodable):
            return self._rejection(location, item.data, item.rule, item.reason)
        reason = f"an item must be an object: it is {type_name(item)}"
        return self._rejection(location, item, "item/object", reason)

    def _invalid(self, location: Location, item: Object, record: Object, steps: Steps) -> Rejection:
        violations = self._source.schema.violations(record)
        if not violations:
            return self._rejection(location, item, "schema", "the record does not satisfy schema.json", steps)
        first, *others = violations
        if not self._source.schema.describes(first.steps):
            reason = "a field the schema does not name is not what it allows"
        else:
            reason = f"{'.'.join(map(str, first.steps))} {first.reason}".strip()
        reason += f" (and {len(others)} more)" if others else ""
        return self._rejection(location, item, f"schema/{first.keyword}", reason, (*steps, *first.steps))

    def _rejection(
        self, location: Location, record: Any, rule: str, reason: str, steps: Steps = ()
    ) -> Rejection:
        return Rejection(self._source.name, location.pointer(*steps), location.line, rule, reason, record)
