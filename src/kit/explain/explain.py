"""Explains what became of each record of a request."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ...core.codec import Object
from ...core.decode import decode
from ...core.errors import InvalidEvent
from ...core.event import Identity
from ...core.framing import LocatedItem
from ...core.identity import Identifier
from ...core.json_value import Steps, deep_copy
from ...core.mapping.interpret import Scope
from ...core.outcome import Outcome
from ...core.pipeline import Pipeline
from ...core.request import Request, RequestContext
from ...core.signature import without_secrets
from ...core.source import Source
from ..leaves import leaves
from ..mapping_file import read_mapping_file
from .row_trace import Change, Trace
from .rule_trace import TracedEvent, TracedRule, trace_rules
from .unused import Unused, UnusedFinder


class ExplainedEvent(msgspec.Struct, frozen=True):
    """An event a rule made, and where its values are from.

    Attributes:
        rule: the rule's label.
        line: its line in mapping.json.
        event: the event; None if there is none.
        rows: what each row did, in their order.
        added: the values that springhead adds to every event, by path.
        reason: why there is no event.
    """

    rule: str
    line: int
    event: Object | None
    rows: tuple[Trace, ...] = ()
    added: dict[str, Any] = {}
    reason: str = ""


class ExplainedRecord(msgspec.Struct, frozen=True):
    """What became of one record.

    Attributes:
        pointer, line: where it is in the body, as in a rejection.
        result: `mapped`, `dropped`, `rejected`, `unmatched` or `replied`.
        reason: why it was rejected, or the reply.
        rules: the rules that were tried, in their order.
        events: what the matching rules made of it.
        unused: the values that are in no event, and why.
    """

    pointer: str
    line: int | None
    result: str
    reason: str = ""
    rules: tuple[TracedRule, ...] = ()
    events: tuple[ExplainedEvent, ...] = ()
    unused: tuple[Unused, ...] = ()


class Explainer:
    """Explains the records of one source, for one operator's settings. Plugins take no part in it."""

    def __init__(self, source: Source, config: Object, *, unused_limit: float = math.inf) -> None:
        """Raises InvalidConfig as `Host.receive` does.

        Of a record with more values than `unused_limit` none are called unused: each is sought in the events.
        """
        self._unused_limit = unused_limit
        self._source = source
        self._config = without_secrets(config)
        self._pipeline = Pipeline(source, self._config)
        self._identifier = Identifier(source, self._config)
        self._file = read_mapping_file(source.folder)

    def explain(self, request: Request) -> Iterator[ExplainedRecord]:
        """Explain what became of each record of a request, one by one."""
        # Each counts equal records for itself.
        pipeline_context, context = self._pipeline.context(request), self._pipeline.context(request)
        for located in decode(request, self._source.framing):
            yield self._explain(located, self._pipeline.process([located], pipeline_context), context)

    def _explain(self, located: LocatedItem, outcome: Outcome, context: RequestContext) -> ExplainedRecord:
        location, item = located
        place = location.pointer(), location.line
        if outcome.reply is not None and not (outcome.events or outcome.rejections or outcome.dropped):
            return ExplainedRecord(*place, "replied", outcome.reply.body.decode())
        record, steps = (self._source.unwrap(item) or (item, ())) if isinstance(item, dict) else (None, ())
        too_large = any(rejection.rule == "event/size" for rejection in outcome.rejections)
        if too_large or not isinstance(record, dict) or not self._source.schema.accepts(record):
            (rejection,) = outcome.rejections
            return ExplainedRecord(rejection.pointer, location.line, "rejected", rejection.reason)
        place = location.pointer(*steps), location.line
        scope = Scope(record, item, context.request, self._config)
        mapping = self._source.mapper.variant(self._config)
        rules, traced = trace_rules(mapping, scope, self._file)
        if all(rule.unmet for rule in rules):
            result = "dropped" if outcome.dropped else "unmatched"
            return ExplainedRecord(*place, result, "no rule matches", tuple(rules))
        events = self._finish(traced, record, item, context)
        result = "mapped" if outcome.events else "rejected" if outcome.rejections else "dropped"
        return ExplainedRecord(*place, result, "", tuple(rules), events, self._unused(traced, scope, steps))

    def _finish(
        self, traced: list[TracedEvent], record: Object, item: Object, context: RequestContext
    ) -> tuple[ExplainedEvent, ...]:
        """Finish the events as the pipeline does."""
        mapped = [(event.rule, event.position, event.name, event.fields) for event in traced]
        identities = self._identifier.identify(mapped, record, item, context)
        return tuple(
            self._finish_event(event, identity) for event, identity in zip(traced, identities, strict=True)
        )

    def _finish_event(self, traced: TracedEvent, identity: Identity) -> ExplainedEvent:
        rule, fields = traced.rule, deep_copy(traced.fields)
        if fields is None:
            return ExplainedEvent(rule.label, traced.line, None, reason="the rule drops it")
        try:
            event = self._source.envelope.finish(rule, traced.name, fields, traced.position, identity)
        except InvalidEvent as error:
            return ExplainedEvent(rule.label, traced.line, None, traced.traces, reason=error.reason)
        return ExplainedEvent(rule.label, traced.line, event, *_attributed(traced.traces, leaves(event)))

    def _unused(self, traced: list[TracedEvent], scope: Scope, steps: Steps) -> tuple[Unused, ...]:
        if len(leaves(scope.record)) > self._unused_limit:
            return ()
        mapped = [event for event in traced if event.fields is not None]
        rules = {event.rule.label: event.rule for event in mapped}
        rows = [pair for event in mapped for pair in zip(event.rule.event_rows(), event.traces, strict=True)]
        labels = {rule.label: rule for rule in self._source.mapper.mapping.rules}
        places = {row.steps for rule in rules.values() for row in rule.rows}
        switched_off = tuple(row for label in rules for row in labels[label].rows if row.steps not in places)
        finder = UnusedFinder(
            self._source, tuple(rules.values()), tuple(rows), switched_off, scope, steps, self._file
        )
        return tuple(finder.find()) if rules else ()


def _attributed(traces: tuple[Trace, ...], event: dict[str, Any]) -> tuple[tuple[Trace, ...], dict[str, Any]]:
    """Give each value of a finished event to the row that wrote it last; returns what no row wrote as well."""
    writers = {path: index for index, trace in enumerate(traces) for path in trace.wrote}
    attributed = []
    for index, trace in enumerate(traces):
        own = {path: event[path] for path in trace.wrote if writers[path] == index and path in event}
        changes = [
            Change("as text", value, own[path])
            for path, value in trace.wrote.items()
            if path in own and type(own[path]) is not type(value)
        ]
        removed = trace.wrote and not own
        attributed.append(
            replace(
                trace,
                wrote=own,
                changes=(*trace.changes, *changes),
                reason="springhead leaves it out of the event" if removed else trace.reason,
                code="removed" if removed else trace.code,
            )
        )
    return tuple(attributed), {path: value for path, value in event.items() if path not in writers}
