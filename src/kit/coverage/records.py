"""Reads the records of a case as the mapping gets to see them."""

from __future__ import annotations

import msgspec

from ...core.decode import decode
from ...core.json_value import Steps
from ...core.mapping.interpret import Scope
from ...core.pipeline import Pipeline
from ...core.signature import without_secrets
from ..case import Case
from ..suite import Suite


class Record(msgspec.Struct, frozen=True):
    """A record that arrived: what rows reach, and the steps from the item to the record."""

    scope: Scope
    steps: Steps


def read_records(suite: Suite, case: Case) -> list[Record]:
    """Read the records of a case; none if its request is refused as not authentic.

    Raises:
        InvalidFixture: the case cannot be read.
        InvalidConfig: its settings are wrong.
    """
    source, request = suite.source, case.request()
    if suite.host.receive(source.name, request, case.config).refused is not None:
        return []
    config = without_secrets(case.config)
    shown = Pipeline(source, config).context(request).request
    records = []
    for _, item in decode(request, source.framing):
        if isinstance(item, dict):
            record, steps = source.unwrap(item) or (item, ())
            if isinstance(record, dict):
                records.append(Record(Scope(record, item, shown, config), steps))
    return records
