"""What a sender may post to do harm: each case has a decided outcome, and none raises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from springhead import Outcome, Request, encode, load_source
from springhead.core.codec import parse
from springhead.core.depth import MAX_DEPTH
from springhead.core.errors import InvalidEvent, InvalidJson
from springhead.core.mapping.interpret import interpret_mapping
from support.folders import source_folder
from support.hosts import HOST, folder_host

GOOD = b'{"log_id":"1","data":{"type":"s","user_id":"auth0|1"}}'


def receive(body: bytes, config: dict[str, Any] | None = None) -> Outcome:
    """Receive a body as Auth0's, and check that every event and rejection is strictly valid JSON."""
    outcome = HOST.receive("auth0", Request(body=body), config)
    for one in (*outcome.events, *(rejection.as_json() for rejection in outcome.rejections)):
        json.loads(encode(one), parse_constant=pytest.fail)
    return outcome


def nested_keys(key: str, levels: int) -> dict[str, Any]:
    """Nest objects in one another, each with a number beside the next."""
    record: dict[str, Any] = {"n": 1}
    for _ in range(levels):
        record = {key: record, "n": 1}
    return record


def with_details(details: bytes) -> bytes:
    """Make a batch of three logs, the second with these details."""
    return b"[" + GOOD + b',{"log_id":"2","data":{"type":"s","details":' + details + b"}}," + GOOD + b"]"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"1e400", "1e400"),
        (b"-1e400", "-1e400"),
        (b"1e99999999999999999999", "1e99999999999999999999"),
        (b"9" * 400, "9" * 400),
        (b"-" + b"9" * 400, "-" + "9" * 400),
        (b"9" * 100_000, "9" * 100_000),
        (b"9" * 308, int("9" * 308)),
        (b"18446744073709551616", 2**64),
        (b"9007199254740993", 2**53 + 1),
        (b"1e-400", 0.0),
        (b"-0", 0),
        (rb'"\ud800"', "�"),
        (rb'"\udc00\ud800"', "��"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"a\u0000b"', "a\0b"),
        (b'{"__proto__":1,"constructor":2,"__class__":3}', {"__proto__": 1, "constructor": 2, "__class__": 3}),
        (b'{"a":1,"a":2}', {"a": 2}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_strange_value_comes_out_as_decided(sent: bytes, kept: object) -> None:
    """Numbers past float64 become their text, lone surrogates U+FFFD, and everything else stays itself."""
    outcome = receive(with_details(sent))

    assert [event["properties"].get("details") for event in outcome.events] == [None, kept, None]
    assert outcome.rejections == []


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        (b"NaN", "json/syntax"),
        (b"Infinity", "json/syntax"),
        (b"01", "json/syntax"),
        (b'"\x01"', "json/syntax"),
        (b'"\xff"', "json/utf-8"),
        (b'"\xed\xa0\x80"', "json/utf-8"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "json/depth"),
        (b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH, "json/depth"),
        (b"[" * 100_000 + b"]" * 100_000, "json/depth"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_element_that_is_not_json_costs_no_other(sent: bytes, rule: str) -> None:
    """In a list whose brackets match, a bad element is one rejection that keeps its bytes."""
    outcome = receive(with_details(sent))

    assert len(outcome.events) == 2
    (rejection,) = outcome.rejections
    assert (rejection.pointer, rejection.rule) == ("/1", rule)
    assert rejection.record == b'{"log_id":"2","data":{"type":"s","details":' + sent + b"}}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"hello",
        b'"text',
        b'{"type":"s"',
        b"[" + GOOD,
        b"[" + GOOD + b",]x",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"' + b"\\" * 99_999,
        b'["' + b'\\"' * 500_000,
        b"\xff\xfe" + '{"type":"s"}'.encode("utf-16-le"),
        b"\xef\xbb\xbf",
        b"<xml/>",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_not_json_is_one_rejection_that_keeps_its_bytes(body: bytes) -> None:
    """Nothing is lost."""
    outcome = receive(body)

    assert outcome.events == []
    (rejection,) = outcome.rejections
    assert rejection.record == body.removeprefix(b"\xef\xbb\xbf")


def test_nesting_up_to_the_limit_is_accepted() -> None:
    """The limit is the same for a single record and for a long batch."""
    allowed = MAX_DEPTH - 4  # below the list, the item, its data and its details
    details = b"[" * allowed + b"]" * allowed

    batch = receive(b"[" + b",".join([GOOD] * 300) + b"," + with_details(details)[1:])

    assert len(batch.events) == 303
    assert batch.rejections == []


def test_brackets_inside_text_do_not_nest() -> None:
    """Brackets in text neither count as depth nor hide it."""
    outcome = receive(with_details(json.dumps("[{" * 5_000).encode()))
    hidden = b'["]",' * (MAX_DEPTH + 1) + b"0" + b"]" * (MAX_DEPTH + 1)

    assert len(outcome.events) == 3
    with pytest.raises(InvalidJson, match="nested"):
        parse(b'["' + b"[" * (MAX_DEPTH + 1) + b'",' + hidden + b"]")


def test_a_body_of_50_mb_is_accepted() -> None:
    """Below the limit no body is refused for its length."""
    body = (
        b"[" + b",".join([GOOD.replace(b'"s"', b'"s","description":"' + b"x" * 50_000 + b'"')] * 1_000) + b"]"
    )
    assert len(body) > 50_000_000

    assert len(receive(body).events) == 1_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 1_000_000 + b"1]",
        b"[" + b"1," * 1_000_000 + b"NaN]",
        b"[" + b"[]," * 1_000_000 + b"[]]",
        b'{"logs":[' + b"1," * 1_000_000 + b"1]}",
        b'[{"logs":[' + b"1," * 1_000_000 + b"1]}]",
        b"{}\n" + b"x\n" * 1_000_000,
        b"x\n" * 1_000_000,
        b'{"type":"s"}\n' * 1_000_000,
        b'["' + b'","' * 1_000_000 + b'",NaN]',
        b"[]\n[" + b"1," * 1_000_000 + b"1]",
        b"[]\n" * 1_000_000,
        b'[{"logs":[' + b"1," * 1_000_000 + b"1]},NaN]",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_million_items_are_one_rejection(body: bytes) -> None:
    """A short text cannot become more rejections than memory holds."""
    outcome = receive(body)

    (rejection,) = outcome.rejections
    assert rejection.rule in ("body/items", "json/syntax")
    assert rejection.record == body


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        lambda logs: b"[" + b",".join(logs) + b"]",
        lambda logs: b'{"logs":[' + b",".join(logs) + b"]}",
        lambda logs: b'[{"logs":[' + b",".join(logs[:-1]) + b"]}," + logs[-1] + b"]",
        b"\n".join,
        lambda logs: b"[" + b",".join(logs[:-1]) + b"]\n" + logs[-1],
    ],
    ids=["list", "batch", "list of batches", "lines", "lines of lists"],
)
def test_ten_thousand_items_are_accepted_and_one_more_is_not(form: Callable[[list[bytes]], bytes]) -> None:
    """Whatever their format. A body with too many is kept, and the reason says what to do."""
    accepted = receive(form([GOOD] * 10_000))
    refused = receive(form([GOOD] * 10_001))

    assert (len(accepted.events), accepted.rejections) == (10_000, [])
    assert refused.events == []
    (rejection,) = refused.rejections
    assert rejection.rule == "body/items"
    assert rejection.reason == "the body holds more than 10,000 items: send smaller batches"


def test_a_rejection_never_quotes_the_record_in_its_reason() -> None:
    """Reasons are logged; what a sender posted must not be."""
    secret = "hunter2-hunter2"  # noqa: S105 - an invented one
    bodies = [
        json.dumps({"type": {"password": secret}, "date": [secret]}).encode(),
        json.dumps([secret, {"type": "s", "user_id": [secret]}]).encode(),
        f'{{"type": "s", "x": {secret}}}'.encode(),
    ]

    for body in bodies:
        rejections = receive(body).rejections
        assert rejections
        assert not any(secret in rejection.reason for rejection in rejections)


def test_a_reason_names_only_keys_the_schema_names(tmp_path: Path) -> None:
    """A key the sender made up is as private as a value."""
    schema = {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "integer"}}
    closed = {"properties": {"a": {}}, "additionalProperties": False}

    for number, one in enumerate((schema, closed)):
        host = folder_host(source_folder(tmp_path / str(number), schema=one))
        (rejection,) = host.receive("acme", Request(body=b'{"ada@example.com": "x"}')).rejections
        assert rejection.reason == "a field the schema does not name is not what it allows"
        assert rejection.pointer == "/ada@example.com"


@pytest.mark.parametrize(
    "rule",
    [
        {"map": [{"from": "list", "to": "properties.all", "each": [{"from": "$parent.list.*.n", "to": "n"}]}]},
        {"each": "list", "map": [{"from": "$parent.list.*.n", "to": "properties.n"}]},
        {"each": "list", "map": [{"from": "$item.note", "to": "properties.note"}]},
        {"each": "list", "event": {"template": "{$parent.note}"}},
    ],
)
def test_a_record_does_not_grow_with_the_square_of_its_list(tmp_path: Path, rule: dict[str, Any]) -> None:
    """Beyond 32 MiB it is a rejection, kept whole; its neighbours become events. The interpreter agrees."""
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"} | rule]}
    folder = source_folder(tmp_path, mapping=mapping)
    host = folder_host(folder)
    small = {"note": "x", "list": [{"n": "y"}] * 20}
    large = {"note": "x" * 10**6, "list": [{"n": "y" * 10**4}] * 100}

    outcome = host.receive("acme", Request(body=encode([small, large, small])))

    assert [(one.rule, one.pointer, one.record) for one in outcome.rejections] == [("event/size", "/1", large)]
    assert "send fewer elements at a time" in outcome.rejections[0].reason
    assert len(outcome.events) == 2 * (20 if "each" in rule else 1)
    with pytest.raises(InvalidEvent, match="33554432 bytes"):
        interpret_mapping(load_source(folder).mapper.mapping)(large, large, {}, {})


@pytest.mark.parametrize(
    "rows",
    [
        [{"when": {"$parent.list.*.n": "no"}, "from": "n", "to": "n"}],
        [{"from": "$parent.list.*.absent", "to": "n"}],
        [{"from": "$parent.list.*.n", "apply": [{"at": 0}], "to": "n"}],
        [{"from": "$parent.list", "apply": [{"at": 0}], "to": "n"}],
        [{"from": "$item.note", "apply": ["sha256"], "to": "n"}],
        [{"object": {"a": {"from": "absent", "else": {"from": "$item.note", "apply": ["sha256"]}}}, "to": "n"}],
        [{"from": "inner", "each": [{"from": "$item.note", "apply": ["sha256"], "to": "n"}], "to": "n"}],
    ],
)
@pytest.mark.parametrize("is_rule", [True, False], ids=["rule", "row"])
def test_a_record_is_not_read_with_the_square_of_its_list(
    tmp_path: Path, rows: list[dict[str, Any]], is_rule: bool
) -> None:
    """Even if little of what is read becomes part of the event. The interpreter agrees."""
    rule = {"map": [{"from": "list", "each": rows, "to": "properties.list"}]}
    if is_rule:
        rule = {"each": "list", "map": [{**row, "to": "properties.n"} for row in rows]}  # type: ignore[dict-item]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"} | rule]}
    folder = source_folder(tmp_path, mapping=mapping)
    record = {"note": "x" * 10_000, "list": [{"n": "y", "inner": [{}, {}]}] * 4_000}

    (rejection,) = folder_host(folder).receive("acme", Request(body=encode(record))).rejections

    assert rejection.rule == "event/size"
    with pytest.raises(InvalidEvent, match="33554432 bytes"):
        interpret_mapping(load_source(folder).mapper.mapping)(record, record, {}, {})


@pytest.mark.parametrize("kept", [{"pick": ["id"]}, {"omit": ["list"]}], ids=["pick", "omit"])
def test_what_a_row_leaves_out_does_not_count_as_read(tmp_path: Path, kept: dict[str, Any]) -> None:
    """A large order may give each of its lines an event with the few members they share."""
    row = {"from": "$parent", "to": "properties.order", **kept}
    rule = {"type": "track", "event": "E", "each": "list", "map": [row]}
    host = folder_host(source_folder(tmp_path, mapping={"integration": "Acme", "events": [rule]}))

    outcome = host.receive("acme", Request(body=encode({"id": "7", "list": [{"n": "y" * 1000}] * 1000})))

    assert [event["properties"] for event in outcome.events] == [{"order": {"id": "7"}}] * 1000


@pytest.mark.parametrize(
    "record",
    [{"k" * 10_000: {f"a{number}": 1 for number in range(10_000)}}, nested_keys("k" * 1_000, 150)],
    ids=["many members", "many levels"],
)
def test_flattening_does_not_repeat_a_long_key_without_end(tmp_path: Path, record: dict[str, Any]) -> None:
    """A megabyte could otherwise become a hundred gigabytes; the record is a rejection, kept whole."""
    rule = {"type": "track", "event": "E", "map": [{"from": "$", "apply": ["flatten"], "to": "properties"}]}
    host = folder_host(source_folder(tmp_path, mapping={"integration": "Acme", "events": [rule]}))

    (rejection,) = host.receive("acme", Request(body=encode(record))).rejections

    assert rejection.rule == "event/size"
    assert rejection.reason.startswith("an object would become more than 32 times as long, flattened: ")
    assert rejection.record == record


def test_a_reply_does_not_grow_with_the_square_of_a_list(tmp_path: Path) -> None:
    """Beyond 32 MiB the record is a rejection."""
    copies = {"from": "list", "each": [{"from": "$parent.note", "to": "note"}]}
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "reply": [{"body": copies}]}
    host = folder_host(source_folder(tmp_path, mapping=mapping))

    outcome = host.receive("acme", Request(body=encode({"note": "x" * 10**6, "list": [{}] * 100})))

    assert [one.rule for one in outcome.rejections] == ["event/size"]
    assert outcome.reply is None


def test_a_large_record_that_grows_with_its_list_becomes_events(tmp_path: Path) -> None:
    """However much its elements make by themselves."""
    rule = {"type": "track", "event": "E", "each": "list", "map": [{"from": "n", "to": "properties.n"}]}
    host = folder_host(source_folder(tmp_path, mapping={"integration": "Acme", "events": [rule]}))

    outcome = host.receive("acme", Request(body=encode({"list": [{"n": "y" * 2**20}] * 40})))

    assert len(outcome.events) == 40
