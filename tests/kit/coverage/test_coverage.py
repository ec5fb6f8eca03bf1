"""What the fixtures of a source run, point by point, and what they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead.core.json_value import pointer
from springhead.kit.coverage.coverage import Coverage, measure
from springhead.kit.coverage.point import key_of
from springhead.kit.coverage.recorder import Recorder
from springhead.kit.explain.explain import Explainer
from springhead.kit.explain.row_trace import Trace
from springhead.kit.mapping_file import read_mapping_file
from springhead.kit.records import read_records
from springhead.kit.suite import find_suites
from support.folders import add_case
from support.signatures import SECRET
from support.suites import TRACK, WORDS, mapping_of, suite_of, suite_of_word


def missed(covered: Coverage) -> list[tuple[str, str]]:
    """What is not run: the place, and the reason."""
    return [(f"{file}{pointer(*steps)}", p.reason) for p in covered.missed for file, steps, _ in [p.key]]


A_ROW = {"from": "a", "to": "properties.a"}


@pytest.mark.parametrize(
    ("row", "bodies", "place", "reason"),
    [
        (A_ROW, [{}], "", "no fixture gives this row a value"),
        ({**A_ROW, "from": ["a", "b"]}, [{"a": 1, "b": 2}], "/from/1", "b is never the first that has a value"),
        ({"all": ["a", "b"], "to": "properties.a"}, [{"a": 1}], "/all/1", "b never has a value"),
        ({**A_ROW, "omit": ["x"]}, [{"a": {"y": 1}}], "/omit/0", "nothing is ever left out here"),
        ({**A_ROW, "omit": "x"}, [{"a": {"y": 1}}], "/omit", "nothing is ever left out here"),
        ({**A_ROW, "pick": ["x", "y"]}, [{"a": {"y": 1}}], "/pick/0", "nothing is ever kept here"),
        ({**A_ROW, "else": "x"}, [{"a": 1}], "/else", "its else is never used"),
        (
            {"object": {"x": {"from": "a"}, "y": {"from": "b"}}, "to": "properties.a"},
            [{"a": 1}],
            "/object/y",
            "the member y never has a value",
        ),
        (
            {**A_ROW, "each": [{"from": "x", "to": "x"}, {"from": "y", "to": "y"}]},
            [{"a": [{"x": 1}]}],
            "/each/1",
            "no fixture gives this row a value",
        ),
        ({**A_ROW, "when": {"b": 1}}, [{"a": 1, "b": 1}], "/when", "its when never fails"),
        ({**A_ROW, "when": {"b": 1}}, [{"a": 1}], "", "no fixture gives this row a value"),
        (
            {**A_ROW, "when": {"any": [{"b": 1}, {"b": 2}]}},
            [{"a": 1, "b": 1}, {"a": 1}],
            "/when/any/1",
            "this alternative never holds",
        ),
    ],
)
def test_what_no_fixture_runs_is_named(
    tmp_path: Path, row: dict[str, Any], bodies: list[Any], place: str, reason: str
) -> None:
    """By its place and what is wrong; what is inside of it is not named again."""
    covered = measure(suite_of(tmp_path, *bodies, mapping=mapping_of([row])))

    assert missed(covered) == [(f"mapping.json/map/0{place}", reason)]
    assert covered.percent < 100


@pytest.mark.parametrize(
    ("row", "bodies"),
    [
        ({**A_ROW, "from": ["a", "b"]}, [{"a": 1}, {"b": 2}]),
        ({**A_ROW, "else": {"from": "b"}}, [{"a": 0}, {"b": 2}]),
        ({**A_ROW, "when": {"b": 1}}, [{"a": 1, "b": 1}]),
        ({**A_ROW, "omit": ["x"], "pick": ["y"]}, [{"a": [{"x": 1, "y": 1}]}]),
        ({**A_ROW, "each": [{"from": "x", "to": "x"}]}, [{"a": [{"x": 1}, {}]}]),
        ({**A_ROW, "when": {"$event.userId": "7"}}, [{"id": "7", "a": 1}, {}]),
    ],
)
def test_a_mapping_that_is_run_is_covered(tmp_path: Path, row: dict[str, Any], bodies: list[Any]) -> None:
    """One record for each way is enough; a row may read what earlier ones wrote."""
    user = {"from": "id", "else": "nobody", "to": "userId"}

    covered = measure(suite_of(tmp_path, *bodies, {"id": "9"}, mapping=mapping_of([user, row])))

    assert covered.missed == ()


def test_rules_are_run_by_records_that_match(tmp_path: Path) -> None:
    """Of a condition both ways count; a rule after it is tried only where it fails."""
    rules: list[dict[str, Any]] = [
        {"type": "drop", "when": {"k": "x"}},
        {**TRACK, "when": {"k": "y"}},
        {"type": "identify"},
    ]

    covered = measure(suite_of(tmp_path, {"k": "x"}, {}, mapping=mapping_of([], *rules)))

    assert [(str(point), point.kind) for point in covered.missed] == [
        (
            'mapping.json:1 /events/1: no record gets to this rule - add a fixture in which k is "y"',
            "rule",
        )
    ]
    assert covered.counts("rule") == (2, 3)


def test_table_entries_are_run_by_look_ups(tmp_path: Path) -> None:
    """Each entry by itself, an integer as its text."""
    row = {"from": "code", "lookup": "names", "to": "properties.name"}

    covered = measure(suite_of(tmp_path, {"code": 7}, mapping=mapping_of([row]), names={"7": "a", "8": "b"}))

    assert missed(covered) == [("names.json/8", 'no fixture looks up "8"')]
    assert covered.counts("entry") == (1, 2)


def test_the_rules_run_on_a_record_that_is_replied_to_as_well(tmp_path: Path) -> None:
    """A reply with `events` answers the record, and the rules map it."""
    mapping = mapping_of([A_ROW], reply=[{"body": "", "events": True}])

    assert missed(measure(suite_of(tmp_path, {"a": 1}, mapping=mapping))) == []


def test_replies_are_run_by_whatever_arrives(tmp_path: Path) -> None:
    """A record that is replied to runs no rule."""
    reply = {"when": {"k": "hello"}, "body": {"from": "challenge"}}
    mapping = mapping_of([], reply=[reply])

    covered = measure(suite_of(tmp_path, {"k": "hello", "challenge": "x"}, mapping=mapping))

    assert missed(covered) == [
        ("mapping.json/events/0", "no record gets to this rule"),
        ("mapping.json/reply/0/when", "its when never fails"),
    ]


def test_a_refused_request_runs_nothing(tmp_path: Path) -> None:
    """A wrong signature keeps its records from the mapping."""
    signature = {"header": "x-signature", "hmac": "sha256", "format": "{hex}"}
    source = {"name": "acme", "signature": signature}
    suite = suite_of(tmp_path, {"a": 1}, config={"signing_secret": SECRET}, source=source)

    covered = measure(suite)

    assert covered.counts("rule") == (0, 1)


def test_a_waiver_explains_what_no_fixture_can_run(tmp_path: Path) -> None:
    """It does not count then; a waiver of what is run is named."""
    waivers = [
        {"code": "not-run", "at": "mapping.json/map/0", "reason": "Acme sends it in December only."},
        {"code": "not-run", "at": "mapping.json/map/1", "reason": "Once it was so."},
    ]
    rows = [A_ROW, {"from": "b", "to": "properties.b"}]
    suite = suite_of(tmp_path, {"b": 1}, mapping=mapping_of(rows), source={"name": "acme", "waive": waivers})

    covered = measure(suite)

    assert (covered.percent, covered.missed) == (100, ())
    assert [waiver.at for waiver in covered.unused_waivers] == ["mapping.json/map/1"]
    assert [reason for _, reason in covered.waived] == ["Acme sends it in December only."]


def test_nearly_everything_is_not_everything(tmp_path: Path) -> None:
    """The percentage is rounded down."""
    row = {"from": "code", "lookup": "names", "to": "properties.name"}
    names = {str(number): "x" for number in range(2000)}
    bodies = [[{"code": number} for number in range(1999)]]

    covered = measure(suite_of(tmp_path, *bodies, mapping=mapping_of([row]), names=names))

    assert covered.percent == 99.9


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_word_of_the_language_is_measured(word: Path, tmp_path: Path) -> None:
    """What an explanation says was written was run."""
    suite = suite_of_word(tmp_path, word)
    recorder = Recorder(suite.source.mapper.mapping, read_mapping_file(suite.source.folder))
    (case,) = suite.cases

    measured = measure(suite)
    for record in read_records(suite.source, case):
        if not recorder.reply(record.scope) and suite.source.schema.accepts(record.scope.record):
            recorder.run(record.scope)

    explained = Explainer(suite.source, case.config).explain(case.request())
    traces = [row for record in explained for event in record.events for row in event.rows]
    assert {place for trace in traces for place in written(trace)} <= {pointer(*key[1]) for key in recorder.ran}
    assert measured.ran == recorder.ran


def written(trace: Trace) -> list[str]:
    """The places of the rows that wrote something, those of an `each` included."""
    inner = [place for element in trace.elements for row in element for place in written(row)]
    is_row = trace.wrote and not trace.pointer.endswith("/pass")
    used_else = any(change.word == "else" for change in trace.changes)
    return [*([trace.pointer] if is_row and not used_else else []), *inner]


def test_a_case_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """It would run what it does not."""
    suite = suite_of(tmp_path, {"a": 1})
    add_case(suite.source.folder / "fixtures", "empty")
    (suite,) = find_suites([str(suite.source.folder)], tmp_path)

    with pytest.raises(Exception, match="has no request"):
        measure(suite)


def test_json_has_everything_that_the_text_has(tmp_path: Path) -> None:
    """Counts, and each thing that is missing with its place and what to do."""
    covered = measure(suite_of(tmp_path, {"b": 1}, mapping=mapping_of([A_ROW])))

    value = json.loads(json.dumps(covered.as_json()))

    assert (value["percent"], value["rows"]) == (50, {"run": 0, "of": 1})
    assert value["not_run"] == [
        {
            "kind": "row",
            "file": "mapping.json",
            "line": 1,
            "pointer": "/map/0",
            "reason": "no fixture gives this row a value",
            "advice": "add a record with a value at a",
        }
    ]
    assert value["undecided"] == [{"path": "b", "case": "case-0"}]
    assert key_of(("map", 0)) not in covered.ran
