"""Tries a source with a request, and says of every value in the events where it came from."""

from __future__ import annotations

from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from ...core.codec import Object, encode
from ...core.decode import decode
from ...core.errors import InvalidConfig, SpringheadError
from ...core.framing import LocatedItem
from ...core.loader import check_source
from ...core.source import Source
from ..case import outcome_text
from ..explain.explain import ExplainedEvent, ExplainedRecord, Explainer
from ..explain.row_trace import Trace
from ..explain.unused import Unused
from ..find_source import find_source
from ..quote import quote
from .origins import Located, Place, Reach, find_origin
from .snapshot import Snapshot

MAX_RECORDS = 30
"""Records of a request that are explained; the others are only counted."""
UNUSED_LIMIT = 150
"""Values of the longest record whose unused ones are listed: to find them takes the square of that."""


def try_source(snapshot: Snapshot, parent: FilePath) -> Object:
    """Return what becomes of the request, or the problems that keep the source from loading."""
    with snapshot.written(parent) as folder:
        if problems := check_source(folder):
            return {"problems": [problem.as_json() for problem in problems]}
        host, source = find_source(str(folder))
        common = {"problems": [], "settings": source.settings, "signed": bool(source.signatures)}
        request, config = snapshot.request.as_request(), snapshot.request.config
        try:
            outcome = host.receive(source.name, request, config)
            explainer = Explainer(source, config, unused_limit=UNUSED_LIMIT)
        except InvalidConfig as error:
            return {**common, "config_problem": error.reason}
        located = decode(request, source.framing) if outcome.refused is None else iter(())
        pairs = zip(located, explainer.explain(request), strict=False)
        return {
            **common,
            "events": len(outcome.events),
            "rejected": len(outcome.rejections),
            "dropped": outcome.dropped,
            "refused": outcome.refused,
            "reply": outcome.reply and outcome.reply.body.decode("utf-8", "replace"),
            "rejections": [_rejection(rejection.as_json()) for rejection in outcome.rejections[:MAX_RECORDS]],
            "records": [_record(source, *pair) for pair in islice(pairs, MAX_RECORDS)],
            "has_more": next(pairs, None) is not None,
        }


def expected_outcome(snapshot: Snapshot, parent: FilePath) -> Object:
    """Return the text of expected.json for the request, or why there is none."""
    with snapshot.written(parent) as folder:
        if problems := check_source(folder):
            return {"error": str(problems[0])}
        try:
            host, source = find_source(str(folder))
            outcome = host.receive(source.name, snapshot.request.as_request(), snapshot.request.config)
        except SpringheadError as error:
            return {"error": str(error)}
        return {"expected": outcome_text(outcome)}


def _rejection(rejection: Object) -> Object:
    place = Place("body", rejection["pointer"], rejection.get("line"))
    return {"rule": rejection["rule"], "reason": rejection["reason"], "place": place}


def _record(source: Source, located: LocatedItem, record: ExplainedRecord) -> Object:
    location, item = located
    unwrapped, steps = (source.unwrap(item) or (item, ())) if isinstance(item, dict) else (item, ())
    whole = Located(location.steps, item)
    reach = Reach(Located((*location.steps, *steps), unwrapped), whole, line=location.line)
    return {
        "place": Place("body", record.pointer, record.line),
        "result": record.result,
        "reason": record.reason,
        "rules": record.rules,
        "events": [_event(*pair) for pair in _with_reach(source, record, reach)],
        "unused": [_unused(unused, reach) for unused in record.unused],
    }


def _unused(unused: Unused, reach: Reach) -> Object:
    places = [reach.place(located) for located in reach.locate(unused.path)]
    return {"path": unused.path, "reason": unused.reason, "line": unused.line, "places": places}


def _with_reach(source: Source, record: ExplainedRecord, reach: Reach) -> list[tuple[ExplainedEvent, Reach]]:
    """Pair each event with what its rows reach: the record, or an element if the rule has an `each`."""
    rules = {rule.label: rule for rule in source.mapper.mapping.rules}
    counts: dict[str, int] = {}
    pairs = []
    for event in record.events:
        position = counts[event.rule] = counts.get(event.rule, -1) + 1
        path = rules[event.rule].each if event.rule in rules else None
        lists = [] if path is None else reach.locate(path.text)
        elements = [element for located in lists for element in located.children()]
        pairs.append((event, reach.element(elements[position]) if position < len(elements) else reach))
    return pairs


def _event(event: ExplainedEvent, reach: Reach) -> Object:
    rows: dict[int, int] = {}
    texts: list[Object] = []
    origins: Object = {}
    for trace in event.rows:
        for leaf, value in trace.wrote.items():
            origin = find_origin(leaf, value, trace, reach)
            if id(origin.row) not in rows:
                rows[id(origin.row)] = len(texts)
                texts.append(_row(origin.row))
            origins[leaf] = {"row": rows[id(origin.row)], "places": origin.places}
    return {
        "rule": event.rule,
        "line": event.line,
        "reason": event.reason,
        "event": event.event and _with_texts(event.event),
        "rows": texts,
        "origins": origins,
    }


def _with_texts(value: Any) -> Any:
    """Return an event whose scalars are JSON texts: a browser's numbers have 53 bits."""
    if not value or not isinstance(value, dict | list):
        return encode(value).decode()
    if isinstance(value, dict):
        return {key: _with_texts(member) for key, member in value.items()}
    return [_with_texts(element) for element in value]


def _row(trace: Trace) -> Object:
    return {
        "pointer": trace.pointer,
        "line": trace.line,
        "reads": [[read.path, quote(read.value)] for read in trace.reads],
        "changes": [[change.word, quote(change.before), quote(change.after)] for change in trace.changes],
    }
