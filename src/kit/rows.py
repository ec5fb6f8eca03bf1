"""Lists the rows of a mapping, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.mapping.model import Build, EventMapping, Row


def list_rows(mapping: EventMapping) -> Iterator[Row]:
    """List all rows of a mapping, those inside others included; shared ones once for each rule."""
    for rule in mapping.rules:
        for row in (*((rule.event,) if rule.event else ()), *rule.rows):
            yield from _with_inner(row)
    for reply in mapping.replies:
        yield from _with_inner(reply.body)


def _with_inner(row: Row) -> Iterator[Row]:
    yield row
    members = row.origin.members if isinstance(row.origin, Build) else ()
    for inner in (*(member for _, member in members), *(row.each or ()), row.fallback):
        if inner is not None:
            yield from _with_inner(inner)
