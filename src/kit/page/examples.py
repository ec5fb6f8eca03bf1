"""Finds example values in the fixtures of a source: what each row wrote in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from ...core.errors import SpringheadError
from ...core.json_value import pointer
from ...core.mapping.convert import text
from ...core.mapping.interpret import Scope
from ...core.mapping.masking import MASKED
from ...core.mapping.model import IDENTITY
from ...core.source import Source
from ..case import Case
from ..explain.rule_trace import trace_rules
from ..mapping_file import read_mapping_file
from ..records import read_records
from .fields import Field

_EMPTY: tuple[Any, ...] = (None, "", [], {})


class Examples:
    """The values that rows wrote in the fixtures of a source, by row."""

    def __init__(self, source: Source, cases: Iterable[Case]) -> None:
        """`cases` begins with those whose values are the best examples."""
        self._values: dict[str, list[Any]] = defaultdict(list)
        file = read_mapping_file(source.folder)
        for scope in _scopes(source, cases):
            _, events = trace_rules(source.mapper.variant(scope.config), scope, file)
            for trace in (trace for event in events for trace in event.traces if trace.wrote):
                self._values[trace.pointer].append(trace.value)

    def of(self, field: Field) -> Any:
        """Return an example of a field's value; None if no fixture has one."""
        values = (_member(value, field.below) for value in self._values[pointer(*field.row)])
        value = next((value for value in values if value not in _EMPTY and not _is_masked(value)), None)
        is_identity = field.targets[0] in IDENTITY
        return text(value) if is_identity and isinstance(value, int | float) else value


def _scopes(source: Source, cases: Iterable[Case]) -> Iterator[Scope]:
    """List what the rows of a source reach in the records of its fixtures."""
    for case in cases:
        try:
            scopes = [record.scope for record in read_records(source, case)]
        except SpringheadError:  # `springhead test` says what is wrong with it
            continue
        yield from (scope for scope in scopes if source.schema.accepts(scope.record))


def _member(value: Any, keys: tuple[str, ...]) -> Any:
    """Return what is at these keys of a value, `*` standing for the first element that has it."""
    if not keys:
        return value
    key, *rest = keys
    if key == "*":
        elements = value if isinstance(value, list) else []
        found = (_member(element, tuple(rest)) for element in elements)
        return next((member for member in found if member is not None), None)
    if not isinstance(value, dict):
        return None
    if key in value:
        return _member(value[key], tuple(rest))
    first, _, after = key.partition(".")  # the target of a row in an each may be a path
    return _member(value.get(first), (after, *rest)) if after else None


def _is_masked(value: Any) -> bool:
    return isinstance(value, str) and MASKED in value
