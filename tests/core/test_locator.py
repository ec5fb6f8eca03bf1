"""Lists of items and records that are sent as JSON in text: found like any other, and decided as a body is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead import Host, Outcome, Request, encode
from springhead.core.depth import MAX_DEPTH
from springhead.core.framing import MAX_ITEMS
from springhead.core.locator import compile_locator, locate
from springhead.core.mapping.path import Path as JsonPath
from springhead.core.mapping.path import parse_path
from support.effort import scaled
from support.folders import source_folder
from support.hosts import folder_host

SECRET = "hunter2"  # noqa: S105 - an invented one


def host(tmp_path: Path, **source: Any) -> Host:
    """Make a host whose source copies the whole record and the whole item."""
    rows = [{"from": "$", "to": "properties.record"}, {"from": "$item", "to": "properties.item"}]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    about = {"name": "acme", "secrets": ["**.secret"], **source}
    return folder_host(source_folder(tmp_path, mapping=mapping, source=about))


def receive(tmp_path: Path, body: Any, **source: Any) -> Outcome:
    """Receive a value as JSON."""
    return host(tmp_path, **source).receive("acme", Request(body=encode(body)), {"redact": "secrets"})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "json/syntax"),
        ('{"secret": "hunter2",}', "json/syntax"),
        ('{"secret": "hunter2"', "json/syntax"),
        ('{"secret": "hunter2"} x', "json/syntax"),
        ('\ufeff {"secret": NaN}', "json/syntax"),
        ('{"a":' * MAX_DEPTH + '{"secret": "hunter2"}' + "}" * MAX_DEPTH, "json/depth"),
        ('{"a":' * 100_000, "json/depth"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_text_that_begins_as_a_record_and_is_none_is_rejected(tmp_path: Path, text: str, rule: str) -> None:
    """No row gets to see it, since redaction cannot see what is inside; the item is kept as sent."""
    outcome = receive(tmp_path, [{"data": text}, {"data": '{"a": 1}'}], unwrap=["data"])

    assert [event["properties"]["record"] for event in outcome.events] == [{"a": 1}]
    (rejection,) = outcome.rejections
    assert (rejection.pointer, rejection.rule, rejection.record) == ("/0/data", rule, {"data": text})


@pytest.mark.parametrize(
    ("text", "rule"),
    [("[", "json/syntax"), ("[{}, {}", "json/syntax"), ("[" * 100_000, "json/depth")],
    ids=lambda value: repr(value)[:30],
)
def test_text_that_begins_as_a_batch_and_is_none_is_rejected(tmp_path: Path, text: str, rule: str) -> None:
    """The bytes of what holds it are kept, so that a replay decides again."""
    outcome = receive(tmp_path, [{"events": text}, {"events": '[{"a": 1}]'}], batch=["events"])

    assert [event["properties"]["record"] for event in outcome.events] == [{"a": 1}]
    (rejection,) = outcome.rejections
    assert (rejection.pointer, rejection.rule) == ("/0/events", rule)
    assert rejection.record == encode({"events": text})


def test_a_bad_element_of_a_batch_in_text_costs_no_other(tmp_path: Path) -> None:
    """Each is one rejection that keeps its bytes."""
    text = '[{"a": 1}, {"a": NaN}, {"a": ' + "[" * 300 + "]" * 300 + '}, {"a": 4}]'

    outcome = receive(tmp_path, {"events": text}, batch=["events"])

    assert [event["properties"]["record"] for event in outcome.events] == [{"a": 1}, {"a": 4}]
    assert [(one.pointer, one.rule) for one in outcome.rejections] == [
        ("/events/1", "json/syntax"),
        ("/events/2", "json/depth"),
    ]
    assert outcome.rejections[0].record == b'{"a": NaN}'


@pytest.mark.parametrize("end", ["]", ", NaN]"])
def test_a_batch_in_text_holds_no_more_items_than_a_body(tmp_path: Path, end: str) -> None:
    """Neither if it is valid, nor if it is not."""
    text = "[" + ",".join(["1"] * (MAX_ITEMS + 1)) + end

    outcome = receive(tmp_path, {"events": text}, batch=["events"])

    assert [one.rule for one in outcome.rejections] == ["body/items" if end == "]" else "json/syntax"]


@pytest.mark.parametrize(
    ("item", "record"),
    [
        ({"data": '{"a": 1e400}'}, {"a": "1e400"}),
        ({"data": '{"a": 18446744073709551617}'}, {"a": 2**64 + 1}),
        ({"data": '{"a": "\\ud800"}'}, {"a": "\ufffd"}),
        ({"data": '\ufeff\r\n\t {"a": 1}\n'}, {"a": 1}),
        ({"data": {"a": 1}}, {"a": 1}),
        ({"inner": {"data": '{"a": 1}'}}, {"a": 1}),
        ({"inner": '{"data": {"a": 1}}'}, {"a": 1}),
        ({"inner": '{"data": "{\\"a\\": 1}"}'}, {"a": 1}),
        ({"list": '[{}, {"data": "{\\"a\\": 1}"}]'}, {"a": 1}),
        ({"a.b": '{"c": {"a": 1}}'}, {"a": 1}),
    ],
    ids=json.dumps,
)
def test_a_record_in_text_is_what_the_text_says(tmp_path: Path, item: Any, record: Any) -> None:
    """At the end of a path and on its way, with the values a body would have."""
    unwrap = ["data", "inner.data", "list.1.data", "a.b.c"]

    (event,) = receive(tmp_path, item, unwrap=unwrap).events

    assert event["properties"]["record"] == record


@pytest.mark.parametrize(
    "item",
    [{"data": text} for text in ("", "x", '"{}"', "[1]", "7", "null", " ")]
    + [{"inner": text} for text in ("x", "[INFO] x", '{"data": "x"}', '{"other": {}}', "[]")],
    ids=json.dumps,
)
def test_any_other_text_is_not_a_record(tmp_path: Path, item: dict[str, Any]) -> None:
    """The item is the record, as it is where nothing stands at the path."""
    (event,) = receive(tmp_path, item, unwrap=["data", "inner.data"]).events

    assert event["properties"]["record"] == item


def test_redaction_sees_what_is_inside(tmp_path: Path) -> None:
    """In the record, and in the text that the item still is."""
    record = {"secret": SECRET, "a": {"secret": SECRET, "b": 1}}
    text = json.dumps(record)
    items = [{"data": text}, {"inner": json.dumps({"data": record})}, {"inner": json.dumps({"data": text})}]

    outcome = receive(tmp_path, items, unwrap=["data", "inner.data"])

    assert len(outcome.events) == 3
    assert SECRET not in json.dumps(outcome.events)
    assert all(event["properties"]["record"]["a"]["b"] == 1 for event in outcome.events)


def test_text_nested_too_deep_to_be_parsed_is_masked_whole(tmp_path: Path) -> None:
    """It may hold what is listed, and the item that a row copies is not searched by anyone else."""
    text = "[" * 300 + '{"secret": "hunter2"}' + "]" * 300

    (event,) = receive(tmp_path, {"note": text, "a": 1}).events

    assert event["properties"]["record"] == {"note": "*****", "a": 1}


def test_the_field_of_a_form_may_hold_the_payload(tmp_path: Path) -> None:
    """Posted as a form, or turned into JSON on the way by RudderStack's gateway, it is the same record."""
    text = json.dumps({"id": "e1", "user": {"id": 7}})
    forms = [f"payload={quote(text)}".encode(), encode({"payload": [text]})]
    acme = host(tmp_path, formats=["form"], unwrap=["payload"], id=["id"])

    outcomes = [acme.receive("acme", Request(body=body)) for body in forms]

    assert outcomes[0] == outcomes[1]
    assert outcomes[0].events[0]["properties"]["record"] == {"id": "e1", "user": {"id": 7}}


def test_a_rejected_record_in_text_can_be_replayed(tmp_path: Path) -> None:
    """The item as sent is unwrapped again."""
    acme = host(tmp_path, unwrap=["data"])
    body = encode({"data": '{"a": 1}'})

    again = acme.receiver("acme", replay=True, body_is_item=True)(Request(body=body))

    assert again.events == acme.receive("acme", Request(body=body)).events


keys = st.sampled_from(["a", "b", "0", "a.b"])
steps = st.sampled_from(["a", "b", "0", '"a.b"'])
paths = st.lists(steps, min_size=1, max_size=3).map(".".join).map(parse_path)
plain = st.recursive(
    st.sampled_from([None, 1, "", "x", "{", "[1,", "[{}, NaN]"]),
    lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
in_texts = st.recursive(
    plain,
    lambda inner: (
        inner.map(json.dumps) | st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=scaled(500), deadline=None)
@given(
    value=st.dictionaries(keys, in_texts, max_size=4),
    several=st.lists(paths, min_size=1, max_size=3),
    container=st.sampled_from([dict, list]),
)
def test_the_compiled_locator_finds_what_each_path_leads_to(
    value: dict[str, Any], several: list[JsonPath], container: type
) -> None:
    """It takes the first path that leads to something, and says by which keys."""
    each = ((locate(value, path, container), path.keys) for path in several)
    expected = next((found for found in each if found[0] is not None), None)

    assert compile_locator(tuple(several), container)(value) == expected
