"""Redaction: no row and no shape of a record lets a listed value through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import Host, Request, encode
from support.folders import source_folder

SECRET = "hunter2"  # noqa: S105 - an invented one


def events(tmp_path: Path, rows: list[dict[str, Any]], record: Any, **source: Any) -> str:
    """Make the events of a source that lists `secret`, `deep.secret`, `all.*` and more, as text."""
    mapping = {"integration": "Acme", "events": [{"type": "track", "event": "E", "map": rows}]}
    about = {
        "name": "acme",
        "secrets": ["secret", "deep.secret", "all.*", "list.0.secret", "tokens.*.secret"],
        **source,
    }
    host = Host(folders=[source_folder(tmp_path, mapping=mapping, source=about)])
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
        {"from": "$", "apply": ["json"]},
        {"from": "$", "apply": ["flatten"]},
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


def test_a_record_passed_through_is_masked(tmp_path: Path) -> None:
    """All of it but the fields of identity."""
    mapping = {"integration": "Acme", "events": [{"pass": True}]}
    about = {"name": "acme", "secrets": ["properties.secret"], "pii": ["userId", "context.traits.email"]}
    host = Host(folders=[source_folder(tmp_path, mapping=mapping, source=about)])
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
    host = Host()

    plain = host.receive("auth0", Request(body=body)).events
    masked = host.receive("auth0", Request(body=body), {"redact": "pii"}).events

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
