"""Reads the records of a case as the mapping gets to see them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..core.decode import decode
from ..core.json_value import Steps
from ..core.mapping.interpret import Scope
from ..core.pipeline import Pipeline
from ..core.signature import without_secrets
from ..core.source import Source
from .case import Case


class Record(msgspec.Struct, frozen=True):
    """A record that arrived: what rows reach, and the steps from the item to the record."""

    scope: Scope
    steps: Steps


def read_records(source: Source, case: Case) -> Iterator[Record]:
    """Read the records of a case, whether or not schema.json accepts them. Nothing is verified.

    Raises:
        InvalidFixture: the case cannot be read.
        InvalidConfig: its settings are wrong.
    """
    request, config = case.request(), without_secrets(case.config)
    shown = Pipeline(source, config).context(request).request
    for _, item in decode(request, source.framing):
        if isinstance(item, dict):
            record, steps = source.unwrap(item) or (item, ())
            if isinstance(record, dict):
                yield Record(Scope(record, item, shown, config), steps)
