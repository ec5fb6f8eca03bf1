"""The alert rules ask for metrics that exist, and each alert is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from springhead.gateway.gauges import gauges_text
from springhead.gateway.metrics import GatewayMetrics
from springhead.gateway.storage.records import Removal, StoreCounts, StoreSpace
from springhead.gateway.storage.shared import ClusterStats
from springhead.server.counts import OutcomeCounts
from support.paths import ROOT

FILE = yaml.safe_load((ROOT / "deploy/prometheus/springhead.rules.yml").read_text())
RULES: list[dict[str, Any]] = [rule for group in FILE["groups"] for rule in group["rules"]]
DOCUMENT = ROOT / "docs" / "alerts.md"
SCRAPED = {"job", "instance"}
"""The labels that Prometheus adds to each metric, and to `up`, which is its own."""

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """The labels of each metric that a gateway reports, by its name."""
    text = rendered()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: {*sample.labels, *SCRAPED} for sample in samples} | {"up": SCRAPED}


def rendered() -> str:
    """What a gateway reports once everything that it counts has happened."""
    metrics = GatewayMetrics()
    metrics.answered("shop", 200, 0.01)
    metrics.refused("shop")
    count = OutcomeCounts(elements=1)
    count.types["track"] = count.rejections["item/object"] = count.dropped = 1
    metrics.accepted("shop", count, duplicates=1)
    metrics.delivered("shop", 1)
    metrics.retried("shop", "status 503")
    metrics.dead("shop", "delivery/400", 1)
    metrics.removed(Removal("shop", "dead_letter", "size", 1))
    metrics.measure_cluster(lambda: ClusterStats(8, 0, 1.0, 1, 0))
    space = StoreSpace(events=1, dead_letters=1, ids=1, log=1, free=1)
    counts = StoreCounts(
        undelivered=1,
        oldest=1.0,
        dead_letters=1,
        bytes=1,
        by_source={"shop": (1, 1)},
        bytes_by_source={"shop": 1},
        oldest_by_source={"shop": 1.0},
        space=space,
    )
    return (metrics.text() + gauges_text(counts, is_down=True, held=["shop"], limit=1)).decode()


def nodes(expression: str) -> Iterator[promql_parser.Expr]:
    """Every part of an expression."""
    found: list[promql_parser.Expr] = []
    promql_parser.walk(promql_parser.parse(expression), pre_visit=found.append)
    return iter(found)


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    """The metrics that an expression asks for."""
    return [
        node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        for node in nodes(expression)
        if isinstance(node, promql_parser.VectorSelector | promql_parser.MatrixSelector)
    ]


@each_rule
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, Any], metrics: dict[str, set[str]]) -> None:
    """By labels that they have."""
    found = selectors(rule["expr"])

    assert found
    for selector in found:
        assert selector.name in metrics
        assert {matcher.name for matcher in selector.matchers.matchers} <= metrics[selector.name]


@each_rule
def test_a_summary_names_labels_that_are_left(rule: dict[str, Any], metrics: dict[str, set[str]]) -> None:
    """An aggregation keeps only the labels it names."""
    labels = set.intersection(*(metrics[selector.name or ""] for selector in selectors(rule["expr"])))
    for node in nodes(rule["expr"]):
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            labels &= set(node.modifier.labels)

    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= labels


@each_rule
def test_a_rule_has_what_prometheus_reads(rule: dict[str, Any]) -> None:
    """Keys that it knows, a severity, and a link to what the alert means."""
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert re.fullmatch(r"\d+m", rule.get("for", "0m"))
    place = f"https://github.com/springhead/springhead/blob/main/docs/alerts.md#{rule['alert'].lower()}"
    assert rule["annotations"]["runbook_url"] == place


def test_each_alert_is_explained_with_its_severity() -> None:
    """In a section of its own, and there is no section without an alert."""
    sections = re.findall(r"^## (\w+)\n\n\*(\w+)\.\* ", DOCUMENT.read_text(), re.MULTILINE)

    assert len(sections) == DOCUMENT.read_text().count("\n## ")
    assert [(name, severity.lower()) for name, severity in sections] == [
        (rule["alert"], rule["labels"]["severity"]) for rule in RULES
    ]


def test_the_metrics_that_alerts_are_explained_with_exist(metrics: dict[str, set[str]]) -> None:
    """The document names them without their prefix."""
    names = set(re.findall(r"`(\w+_(?:total|bytes))`", DOCUMENT.read_text())) - {"max_bytes", "keep_bytes"}

    assert names
    assert {f"springhead_gateway_{name}" for name in names} <= metrics.keys()
