"""Redaction: no row and no shape of a record lets a listed value through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import Request, encode
from support.folders import source_folder
from support.hosts import HOST, folder_host

SECRET = "hunter2"  # noqa: S105 - an invented one


def events(tmp_path: Path, rows: list[dict[str, Any]], record: Any, **source: Any) -> str:
    """Make the events of a source that lists `secret`, `deep.secret`, `all.*` and more, as text."""
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    about = {
        "name": "acme",
        "secrets": ["secret", "deep.secret", "all.*", "list.0.secret", "tokens.*.secret"],
        **source,
    }
    host = folder_host(source_folder(tmp_path, mapping=mapping, source=about))
    outcome = host.receive("acme", Request(body=encode(record)), {"redact": "secrets"})
    assert outcome.events
    return json.dumps(outcome.events)


@pytest.mark.parametrize(
    "row",
    [
        {"from": "secret"},
        {"from": ["nothing", "secret"]},
        {"template": "it is {secret}"},
        {"object": {"it": {"from": "secret"}}},
        {"from": "nothing", "else": {"from": "secret"}},
        {"from": "secret", "apply": ["upper", "lower"]},
        {"from": "secret", "apply": [{"capture": "(hunter.)"}]},
        {"from": "$"},
        {"from": "$item"},
        {"from": "deep"},
        {"from": "deep.secret"},
        {"from": '"deep.secret"'},
        {"from": "all"},
        {"from": "all.any"},
        {"from": "list"},
        {"from": "tokens.0.secret"},
        {"from": "tokens.0"},
        {"from": "tokens", "each": [{"from": "secret", "to": "x"}, {"from": "$", "to": "y"}]},
        {"from": "list.0"},
        {"from": "list.1.secret"},
        {"from": "list", "each": [{"from": "secret", "to": "x"}, {"from": "$", "to": "y"}]},
        {"from": "list", "each": [{"from": "$parent.secret", "to": "x"}, {"from": "$item.secret", "to": "z"}]},
        {"from": "$", "pick": ["secret", "deep"]},
        {"from": "*"},
        {"from": "*.secret"},
        {"from": "all.*"},
        {"from": "all.*.x"},
        {"from": "list.*.secret"},
        {"from": "list.*"},
        {"from": "list.*.secret.*"},
        {"from": "tokens.*.secret", "apply": [{"join": ""}]},
        {"from": "$item.*.secret"},
        {"from": "$item.*.*"},
        {"from": "$item.*.*.*"},
        {"from": "list.*", "each": [{"from": "secret", "to": "x"}, {"from": "$parent.*.secret", "to": "y"}]},
        {
            "from": "*",
            "each": [{"from": "secret", "to": "x"}, {"from": "*", "to": "y"}, {"from": "*.x", "to": "z"}],
        },
        {"all": ["secret", "deep.secret", "list.*.secret"]},
        {"all": ["list", "deep"], "each": [{"from": "secret", "to": "x"}, {"from": "*", "to": "y"}]},
        {"from": "$", "apply": ["json"]},
        {"from": "$", "apply": ["flatten"]},
        {"from": "secret", "apply": [{"replace": ["hunter", "HUNTER"]}]},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_no_row_reads_around_a_mask(tmp_path: Path, row: dict[str, Any], wrapped: bool) -> None:
    """Whatever a row does, it does with the masked value."""
    record: Any = {
        "secret": SECRET,
        "deep": {"secret": SECRET, "open": 1},
        "deep.secret": SECRET,
        "all": {"any": SECRET, "other": {"x": SECRET}},
        "list": [{"secret": SECRET}, {"secret": [SECRET]}],
        "tokens": [{"secret": SECRET}],
    }
    item = {"data": record} if wrapped else record

    made = events(tmp_path, [{**row, "to": "properties.x"}], item, unwrap=["data"])

    assert SECRET not in made.lower()


@pytest.mark.parametrize(
    "record",
    [
        {"deep.secret": SECRET},
        {"deep": [{"secret": SECRET}, [{"secret": SECRET}]]},
        {"deep": {"secret": {"a": [SECRET]}}},
        {"deep": {"secret": [SECRET, 7]}},
        {"all": {"a.b": SECRET}},
        {"all": SECRET},
        {"all": [SECRET]},
        {"list": {"0": {"secret": SECRET}}},
        {"list": {"secret": SECRET}},
        {"tokens": [{"secret": SECRET}]},
        {"tokens": {"a": {"secret": SECRET}}},
        {"tokens": {"0": {"secret": SECRET}}},
    ],
    ids=json.dumps,
)
def test_no_shape_of_a_record_lets_a_secret_through(tmp_path: Path, record: dict[str, Any]) -> None:
    """Lists on the way, keys with dots, and text in place of an object are masked too."""
    assert SECRET not in events(tmp_path, [{"from": "$", "to": "properties"}], record)


DEEP = {"user": {"secret": SECRET, "open": 1}, "list": [[{"secret": SECRET}]]}


@pytest.mark.parametrize(
    "row",
    [
        {"from": "$"},
        {"from": "$item"},
        {"from": "deep"},
        {"from": "deep.list"},
        {"from": "deep.list.0.0.secret"},
        {"template": "{deep.user.secret}"},
        {"from": "deep.list", "apply": ["flatten"], "else": {"from": "deep.user.secret"}},
        {"from": "deep.list", "each": [{"from": "$", "to": "x"}, {"from": "$parent.user.secret", "to": "y"}]},
        {"from": "text"},
        {"from": "text", "apply": ["json"]},
        {"from": ["none", "text"], "apply": ["json", "values", {"at": 0}]},
        {"template": "{text}", "apply": ["json"]},
    ],
    ids=json.dumps,
)
def test_no_row_reads_around_a_path_of_any_depth(tmp_path: Path, row: dict[str, Any]) -> None:
    """Neither what is copied whole, nor what is parsed as JSON, nor what is read inside it."""
    record = {"deep": DEEP, "text": json.dumps(DEEP)}

    made = events(tmp_path, [{**row, "to": "properties.x"}], record, secrets=["**.secret"])

    assert SECRET not in made
    assert "*****" in made


@pytest.mark.parametrize(
    "row",
    [
        {"from": "prefixed", "apply": [{"capture": "^data=(.*)$"}, "json"]},
        {"from": "parts", "apply": [{"join": ""}, "json"]},
        {"from": "parts.*", "apply": [{"join": ""}, "json"]},
        {"all": ["parts.0", "parts.1"], "apply": [{"join": ""}, "json"]},
        {"from": "parts", "apply": [{"join": ""}, "json", "json"]},
        {"template": "{parts.0}{parts.1}", "apply": ["json"]},
    ],
    ids=json.dumps,
)
def test_json_that_a_row_puts_together_is_masked(tmp_path: Path, row: dict[str, Any]) -> None:
    """Text that only functions make JSON is masked once it is parsed."""
    text = json.dumps(DEEP)
    record = {"prefixed": f"data={text}", "parts": [text[:9], text[9:]]}

    made = events(tmp_path, [{**row, "to": "properties.x"}], record, secrets=["**.secret"])

    assert SECRET not in made
    assert "*****" in made


def test_each_value_that_a_star_leads_to_is_masked_by_itself(tmp_path: Path) -> None:
    """What is not listed stays, and a masked value is still a value."""
    rows: list[dict[str, Any]] = [
        {"from": "people.*.name", "to": "properties.names"},
        {"from": "people.*.age", "to": "properties.ages"},
        {"from": "people.*", "to": "properties.people"},
        {"from": "cards.*.number", "to": "properties.numbers"},
    ]
    record = {
        "people": {"ada": {"name": "Ada", "age": 36}, "bob": {"name": "Bob", "age": 7}},
        "cards": [{"number": 1}, {"number": 2}],
    }

    (event,) = json.loads(events(tmp_path, rows, record, secrets=["people.ada.name", "people.bob", "cards"]))

    assert event["properties"] == {
        "names": ["*****", "*****"],
        "ages": [36, "*****"],
        "people": [{"name": "*****", "age": 36}, "*****"],
        "numbers": ["*****", "*****"],
    }


@pytest.mark.parametrize("row", [{"from": "url"}, {"template": "{url}"}], ids=json.dumps)
def test_a_query_that_a_row_parses_is_masked(tmp_path: Path, row: dict[str, Any]) -> None:
    """A path leads into it as into an object."""
    record = {"url": f"https://example.com/?secret={SECRET}&a=1"}
    row = {**row, "apply": ["query"], "to": "properties.x"}

    (event,) = json.loads(events(tmp_path, [row], record, secrets=["url.secret"]))

    assert event["properties"]["x"] == {"secret": "*****", "a": "1"}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("apply", [[], ["json"]])
def test_json_text_that_holds_the_record_is_masked(tmp_path: Path, apply: list[str], times: int) -> None:
    """A path leads into text that is JSON, from wherever the text is read, even if it was encoded twice."""
    rows: list[dict[str, Any]] = [
        {"from": "text", "apply": apply, "to": "properties.a"},
        {"from": "$event.properties.a", "apply": ["json"], "to": "properties.b"},
        {"from": "$item.data.text", "to": "properties.c"},
    ]
    text: Any = {"user": {"secret": SECRET}}
    for _ in range(times):
        text = json.dumps(text)
    record = {"data": {"text": text}}

    made = events(tmp_path, rows, record, unwrap=["data"], secrets=["text.user.secret"])

    assert SECRET not in made


@pytest.mark.parametrize("text", ["\ufeff%s", '[{"body": %s}, bad]', '\ufeff [{"body": %s}, ]'])
@pytest.mark.parametrize(
    "row", [{"from": "$item.text"}, {"from": "$item"}, {"from": "$item.*"}], ids=json.dumps
)
def test_text_from_which_a_record_is_unwrapped_is_masked(
    tmp_path: Path, text: str, row: dict[str, Any]
) -> None:
    """All that counts as JSON there is masked: after a byte order mark, and beside a bad element."""
    record = {"text": text % json.dumps({"secret": SECRET})}

    made = events(tmp_path, [{**row, "to": "properties.x"}], record, unwrap=["text", "text.0.body"])

    assert SECRET not in made


def test_the_query_of_a_record_that_is_a_query_is_masked(tmp_path: Path) -> None:
    """The record of such a source can be read as `$request.query`, too."""
    row = {"from": "$request.query", "pick": ["secret", "a"], "to": "properties.x"}
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": [row]}]}
    about = {"name": "acme", "formats": ["query"], "secrets": ["secret"]}
    host = folder_host(source_folder(tmp_path, mapping=mapping, source=about))

    (event,) = host.receive("acme", Request(query={"secret": SECRET, "a": "1"}), {"redact": "secrets"}).events

    assert event["properties"]["x"] == {"secret": "*****", "a": "1"}


def test_an_identity_read_from_the_event_is_masked(tmp_path: Path) -> None:
    """An id that holds something listed is in its own field, and nowhere else."""
    rows: list[dict[str, Any]] = [
        {"from": "secret", "to": ["userId", "traits.id"]},
        {"from": "$event.userId", "to": "properties.x"},
        {"template": "{$event.userId}", "to": "properties.y"},
        {"from": "$event", "pick": ["userId"], "to": "properties.z"},
    ]

    (event,) = json.loads(events(tmp_path, rows, {"secret": SECRET}))

    assert event.pop("userId") == SECRET
    assert SECRET not in json.dumps(event)


@pytest.mark.parametrize(
    "rows",
    [
        [{"from": "ip", "to": ["context.ip", "context.request_ip", "request_ip"]}],
        [{"template": "{ip}:443", "to": ["context.ip", "context.request_ip", "request_ip"]}],
        [
            {
                "from": "ip",
                "apply": [{"slice": [0, 3]}],
                "to": ["context.ip", "context.request_ip", "request_ip"],
            }
        ],
        [{"from": "context", "to": "context"}],
        [{"from": "ip", "to": "properties.ip"}, {"from": "$event.properties.ip", "to": "context.ip"}],
    ],
    ids=json.dumps,
)
def test_a_masked_address_is_left_out(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """RudderStack looks up the place of an address, so a masked one must not be there."""
    address = "192.0.2.10"
    record = {"ip": address, "context": {"ip": address, "request_ip": address, "locale": "en"}}

    (event,) = json.loads(events(tmp_path, rows, record, secrets=["**.ip", "**.request_ip"]))

    assert not {"ip", "request_ip"} & (event.keys() | event["context"].keys())
    assert address not in json.dumps(event)


def test_an_address_that_is_not_listed_stays(tmp_path: Path) -> None:
    """Only what is masked is left out."""
    rows = [{"from": "ip", "to": ["context.ip", "request_ip"]}]

    (event,) = json.loads(events(tmp_path, rows, {"ip": "192.0.2.10"}))

    assert (event["context"]["ip"], event["request_ip"]) == ("192.0.2.10", "192.0.2.10")


@pytest.mark.parametrize(
    "rows",
    [
        [{"from": "context.externalId", "to": "context.externalId"}],
        [{"from": "context", "to": "context"}],
        [{"object": {"type": "email", "id": {"from": "email"}}, "to": "context.externalId[]"}],
        [{"object": {"id": {"template": "acme/{email}"}}, "to": "context.externalId[]"}],
        [{"from": "email", "to": "context.externalId[]"}],
        [{"from": "email", "to": "context.externalId"}],
    ],
    ids=json.dumps,
)
def test_a_masked_external_id_is_left_out(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Everybody would have the same id, so downstream all would be one person."""
    record = {"email": SECRET, "context": {"externalId": [{"type": "email", "id": SECRET}], "locale": "en"}}

    (event,) = json.loads(events(tmp_path, rows, record, secrets=["email", "context.externalId"]))

    assert "externalId" not in event["context"]


@pytest.mark.parametrize(
    "ids", [[{"type": "number", "id": 7}], [{"type": "text", "id": "u1"}, {}], [], {"id": "u1"}]
)
def test_an_external_id_that_is_not_masked_stays(tmp_path: Path, ids: Any) -> None:
    """Only what is masked is left out, whatever shape the ids have."""
    rows = [{"from": "ids", "to": "context.externalId"}]

    (event,) = json.loads(events(tmp_path, rows, {"ids": ids}))

    assert event["context"]["externalId"] == ids


def test_an_event_passed_through_keeps_its_identity(tmp_path: Path) -> None:
    """Also where a path of any depth covers it: only what stands elsewhere is masked."""
    mapping = {"integration": "Acme", "events": [{"pass": True}]}
    about = {"name": "acme", "pii": ["**.userId", "**.ip"]}
    host = folder_host(source_folder(tmp_path, mapping=mapping, source=about))
    body = {"type": "page", "userId": "u1", "properties": {"userId": "u1"}, "context": {"ip": "192.0.2.10"}}

    (event,) = host.receive("acme", Request(body=encode(body)), {"redact": "pii"}).events

    assert event["userId"] == "u1"
    assert event["properties"] == {"userId": "*****"}
    assert "ip" not in event["context"]


def test_a_record_passed_through_is_masked(tmp_path: Path) -> None:
    """All of it but the fields of identity."""
    mapping = {"integration": "Acme", "events": [{"pass": True}]}
    about = {"name": "acme", "secrets": ["properties.secret"], "pii": ["userId", "context.traits.email"]}
    host = folder_host(source_folder(tmp_path, mapping=mapping, source=about))
    body = {
        "type": "page",
        "userId": "u1",
        "properties": {"secret": SECRET},
        "context": {"traits": {"email": SECRET}},
    }

    (event,) = host.receive("acme", Request(body=encode(body)), {"redact": "pii"}).events

    assert SECRET not in json.dumps(event)
    assert event["userId"] == "u1"


def test_redaction_changes_no_type_and_no_id() -> None:
    """Conditions and fields of identity see the record as sent."""
    body = encode(
        [
            {
                "type": "sapi",
                "description": "Add members to an organization",
                "user_id": "auth0|1",
                "details": {"request": {"path": "/api/v2/organizations/org_example01/members"}},
            },
            {"type": "ss", "user_id": 7},
        ]
    )
    plain = HOST.receive("auth0", Request(body=body)).events
    masked = HOST.receive("auth0", Request(body=body), {"redact": "pii"}).events

    ids = ("type", "userId", "groupId", "anonymousId", "messageId")
    assert [[event.get(name) for name in ids] for event in masked] == [
        [event.get(name) for name in ids] for event in plain
    ]
    assert masked[0]["properties"]["description"] == "*****"


@pytest.mark.parametrize("listed", ["$", "0", "a.0", "*", '"a.b".c'])
def test_any_path_may_be_listed(tmp_path: Path, listed: str) -> None:
    """Even one that covers everything."""
    made = events(
        tmp_path, [{"from": "$", "to": "properties.x"}], {"0": 1, "a": [1]}, pii=[listed], secrets=[listed]
    )

    assert json.loads(made)
