"""What the page shows of a request: events, where each value came from, and rejections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import Request
from springhead.kit.play.snapshot import Snapshot, TriedRequest
from springhead.kit.play.trial import expected_outcome, try_source
from support.hosts import folder_host
from support.playgrounds import BODY, MAPPING

SCHEMA = '{"type": "object", "properties": {"type": {"type": "string"}}}'


def tried(folder: Path, mapping: Any = MAPPING, source: Any = None, **request: Any) -> Any:
    """What comes of a request, as the page gets it."""
    text = mapping if isinstance(mapping, str) else json.dumps(mapping)
    files = {"mapping.json": text, "schema.json": SCHEMA, "source.json": json.dumps(source or {"name": "acme"})}
    body = request.pop("body", BODY)
    sent = TriedRequest(body if isinstance(body, str) else json.dumps(body), **request)
    return json.loads(json.dumps(try_source(Snapshot(files, sent, "acme"), folder), default=_as_json))


def _as_json(value: Any) -> Any:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def without_texts(value: Any) -> Any:
    """An event of the page with its scalars as values."""
    if isinstance(value, dict):
        return {key: without_texts(member) for key, member in value.items()}
    return [without_texts(element) for element in value] if isinstance(value, list) else json.loads(value)


def origin(result: Any, path: str) -> tuple[str, list[str]]:
    """The pointer to the row that wrote a value, and the places it came from."""
    (record,) = result["records"]
    (event,) = record["events"]
    found = event["origins"][path]
    places = [f"{place['part']} {place['at']}".strip() for place in found["places"]]
    return event["rows"][found["row"]]["pointer"], places


@pytest.mark.parametrize(
    ("path", "row", "places"),
    [
        ("event", "/events/0/event", ["body /type"]),
        ("userId", "/map/0", ["body /customer/id"]),
        ("context.traits.email", "/map/1", ["body /customer/email"]),
        ("properties.shop", "/map/2", ["headers x-acme-shop"]),
        ("properties.products.1.sku", "/map/3/each/0", ["body /order/lines/1/sku"]),
    ],
)
def test_a_value_has_a_row_and_a_place(tmp_path: Path, path: str, row: str, places: list[str]) -> None:
    """Also inside an `each`, where it is that of its element."""
    result = tried(tmp_path, headers={"X-Acme-Shop": "Leeds"})

    assert origin(result, path) == (row, places)


@pytest.mark.parametrize(
    ("row", "path", "places"),
    [
        ('{"from": ["none", "order.amount"]}', "x", ["body /order/amount"]),
        ('{"from": "order"}', "x.lines.0.sku", ["body /order/lines/0/sku"]),
        ('{"from": "order", "omit": ["amount"]}', "x.lines.1.count", ["body /order/lines/1/count"]),
        ('{"from": "order.lines.*.sku"}', "x.1", ["body /order/lines/1/sku"]),
        ('{"all": ["id", "type"], "apply": [{"join": " "}]}', "x", ["body /id", "body /type"]),
        ('{"template": "{type}-{order.amount}"}', "x", ["body /type", "body /order/amount"]),
        ('{"value": 1}', "x", []),
        ('{"from": "none", "else": {"from": "id"}}', "x", ["body /id"]),
        ('{"object": {"a": {"from": "id"}, "b": {"from": "type"}}}', "x.b", ["body /type"]),
        ('{"from": "$config.region"}', "x", ["config region"]),
        ('{"from": "$request.query.shop"}', "x", ["query shop"]),
        ('{"from": "$request.method"}', "x", ["method"]),
        ('{"from": "$item.id"}', "x", ["body /id"]),
        ('{"from": "order.lines", "each": [{"from": "$parent.type", "to": "t"}]}', "x.1.t", ["body /type"]),
    ],
)
def test_every_way_to_read_has_its_places(tmp_path: Path, row: str, path: str, places: list[str]) -> None:
    """A copied object has the place of each of its values, and a built one those of its members."""
    rows = [{**json.loads(row), "to": "properties.x"}]
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E"}], "map": rows}
    result = tried(tmp_path, mapping, config={"region": "eu"}, query={"shop": "Leeds"})

    assert origin(result, f"properties.{path}")[1] == places


def test_each_event_of_a_rule_has_the_places_of_its_element(tmp_path: Path) -> None:
    """The second event is from the second line of the order."""
    row = {"from": "count", "to": "properties.n"}
    rule = {"type": "track", "event": {"from": "sku"}, "each": "order.lines", "map": [row]}
    result = tried(tmp_path, {"integration": "Acme", "events": [rule]})

    (record,) = result["records"]
    places = [event["origins"]["properties.n"]["places"][0]["at"] for event in record["events"]]
    assert places == ["/order/lines/0/count", "/order/lines/1/count"]


def test_records_are_found_in_batches_and_lines(tmp_path: Path) -> None:
    """With what they are wrapped in."""
    source = {"name": "acme", "batch": ["items"], "unwrap": ["data"]}
    batch = tried(tmp_path, source=source, body={"items": [{"data": BODY}, {"data": BODY}]})
    lines = tried(tmp_path, source=source, body=f"{json.dumps(BODY)}\n\n{json.dumps(BODY)}\n")

    assert [record["place"]["at"] for record in batch["records"]] == ["/items/0/data", "/items/1/data"]
    (event,) = batch["records"][1]["events"]
    assert event["origins"]["userId"]["places"] == [
        {"part": "body", "at": "/items/1/data/customer/id", "line": None}
    ]
    (event,) = lines["records"][1]["events"]
    assert event["origins"]["userId"]["places"] == [{"part": "body", "at": "/customer/id", "line": 3}]


def test_a_long_batch_is_counted_and_its_first_records_are_shown(tmp_path: Path) -> None:
    """So that a page is never too long to be of use."""
    result = tried(tmp_path, body=[BODY] * 40)
    short = tried(tmp_path, body=[BODY] * 30)

    assert (result["events"], len(result["records"]), result["has_more"]) == (40, 30, True)
    assert (short["events"], len(short["records"]), short["has_more"]) == (30, 30, False)


def test_the_events_are_those_of_the_host(tmp_path: Path) -> None:
    """And a kept fixture expects the same."""
    result = tried(tmp_path)
    folder = tmp_path / "acme"
    folder.mkdir()
    for name, text in (("mapping", MAPPING), ("schema", SCHEMA), ("source", '{"name": "acme"}')):
        (folder / f"{name}.json").write_text(text)
    files = {path.name: path.read_text() for path in folder.iterdir()}
    host = folder_host(folder)

    events = host.receive("acme", Request(json.dumps(BODY).encode())).events
    expected = expected_outcome(Snapshot(files, TriedRequest(json.dumps(BODY)), "acme"), tmp_path)

    shown = [event["event"] for record in result["records"] for event in record["events"]]
    assert [without_texts(event) for event in shown] == events
    assert json.loads(expected["expected"])["events"] == events


def test_a_rejection_says_where(tmp_path: Path) -> None:
    """A record, or the body itself; what is not read is said as well."""
    rejected = tried(tmp_path, body=[{"type": 7}])
    broken = tried(tmp_path, body='{"type": oops}')

    (rejection,) = rejected["rejections"]
    assert (rejection["rule"], rejection["place"]["at"]) == ("schema/type", "/0/type")
    (rejection,) = broken["rejections"]
    assert rejection["rule"] == "json/syntax"
    assert {value["path"] for value in tried(tmp_path)["records"][0]["unused"]} >= {"id", "order.amount"}


def test_a_long_record_is_shown_without_what_is_unused(tmp_path: Path) -> None:
    """To find that takes the square of its length."""
    result = tried(tmp_path, body={**BODY, **{f"k{number}": number for number in range(200)}})

    (record,) = result["records"]
    assert record["unused"] == []
    assert origin(result, "userId") == ("/map/0", ["body /customer/id"])


def test_files_that_do_not_load_have_problems_instead(tmp_path: Path) -> None:
    """Each with its line; a wrong setting is said, too."""
    broken = tried(tmp_path, MAPPING.replace('"to": "userId"},', '"to": "userId"}'))
    wrong = tried(tmp_path, config={"redact": "all"})

    assert [(problem["file"], problem["line"]) for problem in broken["problems"]] == [("mapping.json", 6)]
    assert wrong["config_problem"] == "redact is 'all': use one of off, secrets, pii"


def test_a_request_whose_signature_is_wrong_is_refused(tmp_path: Path) -> None:
    """As by a server, once there is a signing secret."""
    signature = {"header": "x-acme-signature", "hmac": "sha256", "format": "{hex}", "signed": "{body}"}
    source = {"name": "acme", "signature": signature}

    result = tried(tmp_path, source=source, config={"signing_secret": "an invented secret"})

    assert (result["signed"], result["events"], result["records"]) == (True, 0, [])
    assert "x-acme-signature" in result["refused"]
