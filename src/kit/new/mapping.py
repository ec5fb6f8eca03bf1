"""Writes the rows and the rule of mapping.json for what is recognised, and copies the rest into properties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...core.codec import Object
from ...core.mapping.model import EVENT_TYPES
from .captured import parse_text
from .event_name import EventName
from .fields import Field, Sample, path_text, property_target, words_of
from .money import Money
from .people import Recognised
from .privacy import Kind, kind_of
from .times import EventTime


class Findings(msgspec.Struct, frozen=True):
    """What is recognised in the records."""

    event: EventName
    time: EventTime | None = None
    people: Sequence[Recognised] = ()
    money: Money | None = None


def are_events(samples: Iterable[Sample]) -> bool:
    """Whether all records are events of RudderStack's spec, which is Segment's as well."""
    records = [sample.record for sample in samples]
    return all(
        record.get("type") in EVENT_TYPES and {"userId", "anonymousId"} & record.keys() for record in records
    )


def write_passing(title: str) -> dict[str, Any]:
    """Write the mapping of records that are events already."""
    return {"integration": title, "events": [{"pass": True}]}


def write_mapping(title: str, findings: Findings, samples: Sequence[Sample]) -> dict[str, Any]:
    """Write the mapping: one rule, so that each record becomes a track event."""
    rows = [_row(known.fields, known.apply, known.target) for known in findings.people]
    if findings.time:
        rows.append(_row(findings.time.fields, findings.time.apply, "originalTimestamp"))
    if findings.money:
        rows.append(_row((findings.money.amount,), findings.money.apply, "properties.revenue"))
        rows.append(_row((findings.money.currency,), ["upper"], "properties.currency"))
    rows += _other_rows(findings, samples)
    return {"integration": title, "events": [{"type": "track", "event": findings.event.term}], "map": rows}


def recognised_fields(findings: Findings) -> list[Field]:
    """List the fields that rows read for what they mean."""
    fields = [field for known in findings.people for field in known.fields]
    if findings.time:
        fields += findings.time.fields
    if findings.money:
        fields += [findings.money.amount, findings.money.currency]
    return fields


def _row(fields: Sequence[Field], apply: Sequence[Any], target: str) -> dict[str, Any]:
    paths = [field.path for field in fields]
    row: dict[str, Any] = {"from": paths[0] if len(paths) == 1 else paths}
    if apply:
        row["apply"] = list(apply)
    return {**row, "to": target}


def _other_rows(findings: Findings, samples: Sequence[Sample]) -> Iterable[dict[str, Any]]:
    """Copy every other member of the records that has a value, then of what is around them, but no secret."""
    read = {field.path for field in recognised_fields(findings)} | set(findings.event.reads)
    taken = {"properties.revenue", "properties.currency"} if findings.money else set()
    members = dict.fromkeys(key for sample in samples for key in sample.record)
    for key in members:
        values = [sample.record[key] for sample in samples if sample.record.get(key) is not None]
        path, target = path_text([key]), property_target(key, members)
        if not values or path in read or not _is_free(target, taken) or _are_secret(key, values):
            continue
        row: dict[str, Any] = {"from": path}
        if secrets := sorted({path_text(keys) for value in values for keys in _secrets(value)}):
            row["omit"] = secrets
        taken.add(target)
        yield {**row, "to": target}
    envelopes = [sample.item for sample in samples if sample.item is not sample.record]
    for key in dict.fromkeys(key for item in envelopes for key in item):
        path, target = path_text([key], "$item"), property_target(key)
        values = [item[key] for item in envelopes if _is_scalar(item.get(key))]
        if values and path not in read and _is_free(target, taken) and not _are_secret(key, values):
            taken.add(target)
            yield {"from": path, "to": target}


def _is_free(target: str, taken: Iterable[str]) -> bool:
    """Whether no row writes at, above or below a target."""
    return not any(f"{target}.".startswith(f"{other}.") or other.startswith(f"{target}.") for other in taken)


def _is_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list) and parse_text(value) is value


def _are_secret(key: str, values: Iterable[Any]) -> bool:
    return any(kind_of(words_of([key]), value) is Kind.SECRET for value in values)


def _secrets(value: Any) -> Iterable[tuple[str, ...]]:
    """List the keys that lead to secrets inside an object, or inside the objects of a list."""
    for member in value if isinstance(value, list) else [value]:
        yield from _secrets_of(member, ()) if isinstance(member, dict) else ()


def _secrets_of(value: Object, keys: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    for key, member in value.items():
        if kind_of(words_of([key]), member) is Kind.SECRET:
            yield (*keys, key)
        elif isinstance(member, dict):
            yield from _secrets_of(member, (*keys, key))
