"""The tables of docs/gateway.md list what the gateway has, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from springhead.gateway.gauges import gauges_text
from springhead.gateway.ingest import responses
from springhead.gateway.metrics import GatewayMetrics
from springhead.gateway.settings.model import (
    DeliverySettings,
    GatewaySettings,
    LimitSettings,
    SourceSettings,
    StoreSettings,
)
from springhead.gateway.storage.records import StoreCounts
from springhead.gateway.storage.shared import ClusterStats
from springhead.http import Answer, answers, content_encoding
from support.paths import DOCS

TEXT = (DOCS / "gateway.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without the header row."""
    section = re.split(r"^#+ ", TEXT.partition(heading)[2], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(cell: str) -> list[str]:
    """The texts in backticks."""
    return re.findall(r"`([^`]*)`", cell)


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("### `[gateway]`", GatewaySettings),
        ("### `[delivery]`", DeliverySettings),
        ("### `[limits]`", LimitSettings),
        ("### `[store]`", StoreSettings),
    ],
)
def test_settings_are_listed_with_their_defaults(heading: str, section: type[BaseModel]) -> None:
    """Every key, in the order of the section."""
    listed: dict[str, object] = {}
    for names, defaults, _ in rows(heading):
        values = [json.loads(value) for value in quoted(defaults)] or [None]
        listed |= dict(zip(quoted(names), values, strict=True))

    wanted = section().model_dump(mode="json")
    assert list(listed.items()) == list(wanted.items())


def test_the_keys_of_a_source_are_listed() -> None:
    """All of them, in their order."""
    assert [name for names, *_ in rows("### `[[source]]`") for name in quoted(names)] == list(
        SourceSettings.model_fields
    )


def test_answers_are_listed() -> None:
    """Each with its status and the text a sender sees."""
    table = rows("## How senders are answered")
    listed = {(int(status), text) for status, said, _ in table for text in quoted(said)}
    named = [*vars(answers).values(), *vars(responses).values()]
    errors = {each for each in named if isinstance(each, Answer) and each.reason}

    assert len(errors) >= 12
    assert {(each.status, each.reason) for each in errors} <= listed
    source = Path(content_encoding.__file__).read_text()
    assert [text for status, text in listed if status == 415 and text not in source] == []


def test_metrics_are_listed() -> None:
    """Each metric, and none that does not exist."""
    metrics = GatewayMetrics()
    metrics.answered("auth0", 200, 0.1)
    metrics.measure_cluster(lambda: ClusterStats(8, 0, 1.0, 1, 0))
    counts = StoreCounts(0, None, 0, 0, {"auth0": (0, 0)})
    text = (metrics.text() + gauges_text(counts, is_down=False, held=[], limit=1)).decode()
    kinds = dict(re.findall(r"^# TYPE springhead_gateway_(\w+) (\w+)$", text, re.MULTILINE))
    named = {name for name in kinds if not name.endswith("_created")}

    assert {name for cell, *_ in rows("### Metrics") for name in quoted(cell)} == named
