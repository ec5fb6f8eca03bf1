"""Takes the items of a request through unwrapping, validation, mapping and finishing to an outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .codec import Object, encode
from .errors import InvalidConfig, InvalidEvent
from .event import Identity
from .framing import LocatedItem, Location, Undecodable
from .hook_calls import EventHook
from .identity import Identifier
from .json_value import Steps, deep_copy, type_name
from .mapping.interpret import MappedEvent
from .outcome import Outcome, Rejection, Reply
from .request import Request, RequestContext
from .request_filter import settings_problem
from .source import Source


class Pipeline:
    """The way through one source, for one operator's settings and scope."""

    __slots__ = (
        *("_accepts", "_config", "_envelope", "_filter", "_has_replies", "_hook", "_identify", "_map"),
        "_source",
    )

    def __init__(
        self, source: Source, config: Object, hook: EventHook | None = None, *, scope: str = ""
    ) -> None:
        """Raises InvalidConfig if `config` has a setting that the source does not accept."""
        if config and (reason := source.mapper.config_problem(config) or settings_problem(config)):
            raise InvalidConfig(source.name, reason)
        self._source = source
        self._accepts = source.schema.accepts
        self._has_replies = bool(source.mapper.mapping.replies)
        self._map = source.mapper.for_config(config)
        self._envelope = source.envelope_for(scope)
        self._identify = Identifier(source, config).identify
        self._filter = source.request_filter.with_settings(config) if source.reads_request else None
        self._config = config
        self._hook = hook

    def context(self, request: Request) -> RequestContext:
        """Prepare what the items of this request are processed with."""
        if self._filter is None:
            return RequestContext(request.id, {})
        filtered = self._filter.apply(request).as_json()
        return RequestContext(request.id, filtered, has_headers=bool(request.headers))

    def process(self, items: Iterable[LocatedItem], context: RequestContext) -> Outcome:
        """Process items of a request. No item, however odd, affects another."""
        outcome = Outcome()
        accepts, unwrap, map_record = self._accepts, self._source.unwrap, self._map
        for location, item in items:
            if item.__class__ is not dict:
                outcome.rejections.append(self._not_an_object(location, item))
                continue
            record, steps = unwrap(item) or (item, ())
            if isinstance(record, Undecodable):
                outcome.rejections.append(self._rejection(location, item, record.rule, record.reason, steps))
                continue
            try:
                if self._has_replies and self._reply(record, item, context, outcome):
                    continue
                if not accepts(record):
                    outcome.rejections.append(self._invalid(location, item, record, steps))
                    continue
                mapped = map_record(record, item, context.request, self._config)
                identities = self._identify(mapped, record, item, context) if mapped else []
            except InvalidEvent as error:
                outcome.rejections.append(self._rejection(location, item, error.rule, error.reason))
                continue
            if mapped:
                self._finish(mapped, identities, location, item, outcome)
            elif mapped is not None or self._source.mapper.mapping.drop_unmatched:
                outcome.dropped += 1
            else:
                outcome.rejections.append(self._unmatched(location, item, steps, context))
        return outcome

    def _finish(
        self,
        mapped: list[MappedEvent],
        identities: list[Identity],
        location: Location,
        item: Object,
        outcome: Outcome,
    ) -> None:
        finish, hook = self._envelope.finish, self._hook
        for (rule, position, name, fields), identity in zip(mapped, identities, strict=True):
            if fields is None:
                outcome.dropped += 1
                continue
            try:
                event: Object | None = finish(rule, name, fields, position, identity)
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

    def _reply(self, record: Object, item: Object, context: RequestContext, outcome: Outcome) -> bool:
        """Reply to the record if a rule says so; returns whether that is all that becomes of the record."""
        answer = self._source.mapper.reply(record, item, context.request, self._config)
        if answer is None:
            return False
        rule, body = answer
        if outcome.reply is None:
            is_text = isinstance(body, str) and not rule.content_type.endswith("json")
            outcome.reply = Reply(body.encode() if is_text else encode(body), rule.content_type)
        elif not rule.events:  # a request has one answer: a second record that asks for one is dropped
            outcome.dropped += 1
        return not rule.events

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

    def _unmatched(self, location: Location, item: Object, steps: Steps, context: RequestContext) -> Rejection:
        reason = "no rule of the mapping matches this record"
        if not context.has_headers and self._source.mapper.mapping.rules_read_headers:
            reason += "; no headers came with this request"
        return self._rejection(location, item, "unmatched", reason, steps)

    def _rejection(
        self, location: Location, record: Any, rule: str, reason: str, steps: Steps = ()
    ) -> Rejection:
        return Rejection(self._source.name, location.pointer(*steps), location.line, rule, reason, record)
