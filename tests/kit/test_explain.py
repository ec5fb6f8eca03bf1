"""Explanations agree with outcomes, name the row of each value, and say why others are in no event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, Request, load_source
from springhead.kit.case import Case, find_cases
from springhead.kit.explain.explain import ExplainedRecord, Explainer
from springhead.kit.leaves import leaves
from support.folders import source_folder
from support.hosts import HOST, folder_host
from support.paths import FIXTURES

BUNDLED = [case for name in sorted(HOST.sources) for case in find_cases(FIXTURES / name, name)]
WORDS = find_cases(FIXTURES / "mapping" / "valid", "acme")


def explained(folder: Path, body: Any, **call: Any) -> ExplainedRecord:
    """Explain what became of a body that is one record."""
    config = call.pop("config", {})
    (record,) = Explainer(load_source(folder), config).explain(Request(json.dumps(body).encode(), **call))
    return record


def mapping_folder(tmp_path: Path, *rows: dict[str, Any], **files: Any) -> Path:
    """Make a source with one track rule and these rows."""
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": list(rows)}]}
    return source_folder(tmp_path, mapping=mapping, **files)


def text(value: Any) -> str:
    """Write a value as JSON, where `true` is not 1 and members have no order."""
    return json.dumps(value, sort_keys=True)


def agrees(explanations: list[ExplainedRecord], host: Host, case: Case) -> None:
    """Assert that explanations have the outcome of a case, and name a writer for every value of its events."""
    outcome = host.receiver(case.source, case.config, verified=True)(case.request())
    made = [made for explanation in explanations for made in explanation.events if made.event is not None]

    assert text([event.event for event in made]) == text(outcome.events)
    for event in made:
        values = [row.wrote for row in event.rows] + [event.added]
        written = {path: value for wrote in values for path, value in wrote.items()}
        assert text(written) == text(leaves(event.event))
        assert sum(map(len, values)) == len(written)


@pytest.mark.parametrize("case", BUNDLED, ids=lambda case: case.name)
def test_an_explanation_agrees_with_the_outcome(case: Case) -> None:
    """It has the same events, and every value of them has one writer. Signatures are not verified."""
    explanations = list(Explainer(HOST.sources[case.source], case.config).explain(case.request()))

    agrees(explanations, HOST, case)


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case.folder.name)
def test_every_word_of_the_language_is_explained(case: Case, tmp_path: Path) -> None:
    """Whatever a row is made of."""
    folder = source_folder(tmp_path, case.folder)

    explanations = list(Explainer(load_source(folder), case.config).explain(case.request()))

    agrees(explanations, folder_host(folder), case)


def test_a_value_has_its_row_what_it_read_and_each_step(tmp_path: Path) -> None:
    """The line is that of the file; every word and function has what was there before and after it."""
    folder = mapping_folder(tmp_path)
    row = '{"from": ["a", "b"], "omit": ["x"], "apply": ["keys", {"join": "-"}], "to": "properties.keys"}'
    (folder / "mapping.json").write_text(
        f'{{"integration": "Acme",\n "events": [{{"type": "track", "event": "E",\n  "map": [\n{row}\n  ]}}]}}'
    )

    record = explained(folder, {"b": {"x": 1, "y": 2, "z": 3}})

    name, trace = record.events[0].rows
    assert (name.line, name.wrote) == (2, {"event": "E"})
    assert (trace.line, trace.pointer, trace.wrote) == (4, "/events/0/map/0", {"properties.keys": "y-z"})
    assert [(read.path, read.value) for read in trace.reads] == [("a", None), ("b", {"x": 1, "y": 2, "z": 3})]
    assert [(change.word, change.before, change.after) for change in trace.changes] == [
        ("omit", {"x": 1, "y": 2, "z": 3}, {"y": 2, "z": 3}),
        ("keys", {"y": 2, "z": 3}, ["y", "z"]),
        ('join "-"', ["y", "z"], "y-z"),
    ]


def test_rows_of_an_each_are_traced_for_each_element(tmp_path: Path) -> None:
    """Elements that become no object have no trace, as they have no place in the list."""
    rows = [
        {"from": "price", "apply": ["number"], "to": "price"},
        {"from": "$parent.currency", "to": "currency"},
    ]
    row = {"from": "items", "each": rows, "to": "properties.items"}
    folder = mapping_folder(tmp_path, row)

    record = explained(folder, {"items": [{"price": "1"}, {"price": "x"}, {"price": "3"}]})

    (first, second) = record.events[0].rows[1].elements
    assert [trace.wrote for trace in (first[0], second[0])] == [{"price": 1}, {"price": 3}]
    assert (first[1].code, first[1].reason) == ("no-value", "$parent.currency has no value")


COPY = {"from": "$", "omit": ["a.secret"], "to": "properties"}


@pytest.mark.parametrize(
    ("rows", "record", "path", "code", "reason"),
    [
        ([], {"a": 1}, "a", "no-row", "no row reads it"),
        ([{"from": "a", "to": "userId"}], {"a": None}, "a", "null", "it is null"),
        (
            [{"from": "a", "when": {"b": 1}, "to": "userId"}],
            {"a": 1, "b": 2},
            "a",
            "when",
            "its when fails: b is 2, not 1",
        ),
        (
            [{"from": "a", "when": {"any": [{"b": 1}, {"c": 1}]}, "to": "userId"}],
            {"a": 1},
            "a",
            "when",
            'its when fails: none of these holds: [{"b": 1}, {"c": 1}]',
        ),
        (
            [{"from": "a", "apply": [{"time": "s"}], "to": "sentAt"}],
            {"a": "soon"},
            "a",
            "no-value",
            'time "s" gives nothing for "soon"',
        ),
        (
            [{"from": "b", "to": "userId"}, {"from": "a", "to": "userId"}],
            {"a": 1, "b": 2},
            "a",
            "earlier-row",
            "line 1 wrote userId first",
        ),
        (
            [{"from": "b", "to": "properties.a"}, COPY],
            {"a": 1, "b": 2},
            "a",
            "earlier-row",
            "line 1 wrote properties.a first",
        ),
        ([{"from": ["b", "a"], "to": "userId"}], {"a": 1, "b": 2}, "a", "earlier-path", "it reads b first"),
        (
            [{"from": "b", "else": {"from": "a"}, "to": "userId"}],
            {"a": 1, "b": 2},
            "a",
            "else",
            "its else is not needed",
        ),
        ([COPY], {"a": {"secret": 1}}, "a.secret", "left-out", "its omit leaves this out"),
        ([COPY], {"a": {"secret": {"b": 1}}}, "a.secret.b", "left-out", "its omit leaves this out"),
        (
            [{"from": "a", "omit": ["b.c"], "to": "properties.a"}],
            {"a": {"b": [{"c": 1}]}},
            "a.b.0.c",
            "left-out",
            "its omit leaves this out",
        ),
        (
            [{"object": {"b": {"from": "a", "omit": ["c"]}}, "to": "properties"}],
            {"a": {"c": 1, "d": 2}},
            "a.c",
            "left-out",
            "its omit leaves this out",
        ),
        (
            [{"from": "a", "each": [{"from": "$", "omit": ["b"], "to": "c"}], "to": "properties.a"}],
            {"a": [{"b": 1, "d": 2}]},
            "a.0.b",
            "left-out",
            "its omit leaves this out",
        ),
        (
            [{"from": "a", "apply": [{"at": 0}], "to": "userId"}],
            {"a": ["x", "y"]},
            "a.1",
            "left-out",
            "what it writes does not depend on this",
        ),
        (
            [{"from": "a", "when": {"$config.more": True}, "to": "userId"}],
            {"a": 1},
            "a",
            "when",
            "the settings switch it off",
        ),
    ],
)
def test_a_value_that_is_in_no_event_has_a_reason(  # noqa: PLR0913, PLR0917 - one column each
    tmp_path: Path, rows: list[dict[str, Any]], record: Any, path: str, code: str, reason: str
) -> None:
    """Of the rows that read it, the one in which it got furthest says why."""
    unused = {value.path: value for value in explained(mapping_folder(tmp_path, *rows), record).unused}

    assert (unused[path].code, unused[path].reason) == (code, reason)


def test_a_value_that_only_a_condition_reads_is_in_no_event(tmp_path: Path) -> None:
    """It decides which rule applies, and is lost all the same."""
    rule = {"type": "track", "when": {"kind": "a"}, "event": "E"}
    folder = source_folder(tmp_path, mapping={"integration": "Acme", "events": [rule]})

    (unused,) = explained(folder, {"kind": "a"}).unused

    assert (unused.path, unused.reason) == ("kind", "no row reads it, only the when of a rule")


def test_what_stands_around_the_record_is_explained_too(tmp_path: Path) -> None:
    """Values of the item have its root. One that gives the id is used."""
    folder = mapping_folder(
        tmp_path, {"from": "a", "to": "properties.a"}, source={"unwrap": ["data"], "id": ["$item.id"]}
    )

    record = explained(folder, {"id": "1", "sent": 2, "data": {"a": 1, "b": 1}})

    assert [value.path for value in record.unused] == ["b", "$item.sent"]


def test_a_record_that_is_replied_to_may_be_mapped_as_well(tmp_path: Path) -> None:
    """It is explained as any other that became an event."""
    mapping = {
        "integration": "Acme",
        "reply": [{"body": "", "events": True}],
        "events": [{"type": "track", "event": {"from": "kind"}}],
    }

    record = explained(source_folder(tmp_path, mapping=mapping), {"kind": "command"})

    assert (record.result, len(record.events)) == ("mapped", 1)


@pytest.mark.parametrize(
    ("body", "result", "reason"),
    [
        ({"kind": "ping"}, "dropped", ""),
        ({"kind": "other"}, "unmatched", "no rule matches"),
        ({}, "rejected", "kind is missing"),
        (7, "rejected", "an item must be an object: it is a number"),
        ({"kind": "order", "user": {}}, "rejected", ""),
        ({"kind": "hello", "challenge": "x"}, "replied", '"x"'),
    ],
)
def test_a_record_without_an_event_has_a_reason(tmp_path: Path, body: Any, result: str, reason: str) -> None:
    """Whatever became of it, and the condition each rule failed on."""
    mapping = {
        "integration": "Acme",
        "reply": [{"when": {"kind": "hello"}, "body": {"from": "challenge"}}],
        "events": [
            {"type": "drop", "when": {"kind": "ping"}},
            {"type": "identify", "when": {"kind": "order"}, "map": [{"from": "user", "to": "userId"}]},
        ],
    }
    schema = {"type": "object", "required": ["kind"]}

    record = explained(source_folder(tmp_path, mapping=mapping, schema=schema), body)

    assert (record.result, record.reason) == (result, reason)
    if result == "unmatched":
        assert [rule.unmet for rule in record.rules] == [
            'kind is "other", not "ping"',
            'kind is "other", not "order"',
        ]
    if body == {"kind": "order", "user": {}}:
        assert record.events[0].reason == "userId must be text or a number: it is an object"


def test_what_finishing_changes_is_explained(tmp_path: Path) -> None:
    """An id becomes text, and a masked address is left out."""
    rows = [{"from": "id", "to": "userId"}, {"from": "ip", "to": "context.ip"}]
    folder = mapping_folder(tmp_path, *rows, source={"pii": ["ip"]})

    record = explained(folder, {"id": 7, "ip": "192.0.2.1"}, config={"redact": "pii"})

    _, user, address = record.events[0].rows
    assert [(change.word, change.after) for change in user.changes] == [("as text", "7")]
    assert [(read.path, read.value) for read in address.reads] == [("ip", "*****")]
    assert (address.code, address.reason) == ("removed", "springhead leaves it out of the event")


def test_the_signing_secret_is_in_no_explanation(tmp_path: Path) -> None:
    """No mapping reads it, whatever else it reads of the settings."""
    folder = mapping_folder(tmp_path, {"from": "$config", "to": "properties.settings"})

    record = explained(folder, {}, config={"more": 1, "signing_secret": "an-example-secret"})

    assert record.events[0].rows[1].wrote == {"properties.settings.more": 1}
    assert "an-example-secret" not in repr(record)


def test_a_star_and_a_list_of_paths_are_read_as_rows_read_them(tmp_path: Path) -> None:
    """What a star does not lead to is in no event."""
    row = {"all": ["name", "labels.*.name"], "apply": [{"join": ","}], "to": "properties.names"}
    folder = mapping_folder(tmp_path, row)

    record = explained(folder, {"name": "x", "labels": [{"name": "y", "colour": "red"}, {"name": "z"}]})

    assert [(read.path, read.value) for read in record.events[0].rows[1].reads] == [
        ("name", "x"),
        ("labels.*.name", ["y", "z"]),
    ]
    assert [(value.path, value.reason) for value in record.unused] == [("labels.0.colour", "no row reads it")]


def test_a_record_that_was_sent_as_text_is_explained(tmp_path: Path) -> None:
    """Its values are the record's; the text around them is no value of its own."""
    folder = mapping_folder(
        tmp_path, {"from": "a", "to": "properties.a"}, source={"name": "acme", "unwrap": ["Message"]}
    )

    record = explained(folder, {"Message": '{"a": 1, "b": 2}', "Type": "Notification"})

    assert [value.path for value in record.unused] == ["b", "$item.Type"]
