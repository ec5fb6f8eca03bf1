"""Drafts of three invented vendors: one signs, one posts forms, one batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead.core.request import Request
from springhead.kit.new.captured import capture
from springhead.kit.new.draft import Draft, draft_source
from springhead.kit.new.write import write_source
from springhead.kit.suite import find_suites
from support.folders import find_findings

SIGNED = Request(
    json.dumps(
        {
            "id": 8001,
            "action": "paid",
            "updated_at": "2024-03-15T10:15:30Z",
            "customer": {"id": 7, "email": "Mary@corp.io", "first_name": "Mary", "last_name": "Jackson"},
            "api_token": "f00dfeed",
            "amount": 1999,
            "currency": "gbp",
            "client_ip": "8.8.4.4",
            "note": "Receipt sent to Mary@corp.io",
        }
    ).encode(),
    {"X-Orbit-Event": "order", "X-Orbit-Delivery": "d-1", "X-Orbit-Signature": f"sha256={'0a' * 32}"},
)
FORM = Request(
    b"type=subscribed&fired_at=2024-03-15+10%3A15%3A30&data%5Bid%5D=7&data%5Bemail%5D=mary%40corp.io"
    b"&data%5Bfname%5D=Mary"
)
BATCH = Request(
    json.dumps(
        {
            "events": [
                {"id": "e1", "payload": {"kind": "seen", "at": 1710497730, "user": {"id": "u1"}}},
                {"id": "e2", "payload": {"kind": "left", "at": 1710497731, "user": {"id": "u2"}}},
            ]
        }
    ).encode()
)


def drafted(name: str, *requests: Request) -> Draft:
    """The draft of a source from these requests."""
    return draft_source(name, [capture(f"case-{index}", request) for index, request in enumerate(requests)])


def rows(draft: Draft) -> dict[str, Any]:
    """The rows of a draft without their targets, by target."""
    return {row.pop("to"): row for row in json.loads(json.dumps(draft.files["mapping.json"]["map"]))}


def test_a_signed_vendor() -> None:
    """Headers name the event and the delivery, and the signature is described."""
    draft = drafted("orbit", SIGNED)

    about = draft.files["source.json"]
    assert about["signature"] == {"header": "x-orbit-signature", "hmac": "sha256", "format": "sha256={hex}"}
    assert about["id"] == ["$request.headers.x-orbit-delivery", "id"]
    assert about["secrets"] == ["**.api_token"]
    assert about["pii"] == ["**.email", "**.first_name", "**.last_name", "**.client_ip"]
    assert draft.files["mapping.json"]["events"] == [
        {
            "type": "track",
            "event": {
                "template": "{$request.headers.x-orbit-event} {action}",
                "else": {"from": "$request.headers.x-orbit-event"},
            },
        }
    ]
    assert rows(draft) == {
        "userId": {"from": "customer.id"},
        "context.traits.email": {"from": "customer.email", "apply": ["lower"]},
        "context.traits.firstName": {"from": "customer.first_name"},
        "context.traits.lastName": {"from": "customer.last_name"},
        "context.ip": {"from": "client_ip"},
        "originalTimestamp": {"from": "updated_at", "apply": [{"time": "iso"}]},
        "properties.revenue": {"from": "amount", "apply": [{"shift": -2}]},
        "properties.currency": {"from": "currency", "apply": ["upper"]},
        "properties.id": {"from": "id"},
        "properties.customer": {"from": "customer"},
        "properties.note": {"from": "note"},
    }


def test_a_vendor_that_posts_forms() -> None:
    """Fields with brackets become objects of properties."""
    draft = drafted("leaflet", FORM)

    assert draft.files["source.json"]["formats"] == ["form"]
    assert draft.files["mapping.json"]["events"] == [{"type": "track", "event": {"from": "type"}}]
    assert rows(draft) == {
        "context.traits.email": {"from": "data[email]", "apply": ["lower"]},
        "context.traits.firstName": {"from": "data[fname]"},
        "originalTimestamp": {"from": "fired_at", "apply": [{"time": "iso"}]},
        "properties.data.id": {"from": "data[id]"},
    }


def test_a_vendor_that_batches() -> None:
    """A list of events in an object is a batch, and an envelope around each record is unwrapped."""
    draft = drafted("tally", BATCH)

    about = draft.files["source.json"]
    assert (about["batch"], about["unwrap"], about["id"]) == (["events"], ["payload"], ["$item.id"])
    assert rows(draft) == {
        "userId": {"from": "user.id"},
        "originalTimestamp": {"from": "at", "apply": [{"time": "s"}]},
        "properties.user": {"from": "user"},
        "properties.id": {"from": "$item.id"},
    }
    assert draft.files["schema.json"]["required"] == ["kind"]


@pytest.mark.parametrize("request_", [SIGNED, FORM, BATCH], ids=["signed", "form", "batch"])
@pytest.mark.parametrize("package", [False, True], ids=["folder", "package"])
def test_a_draft_passes_its_own_tests(request_: Request, package: bool, tmp_path: Path) -> None:
    """The folder has no problems, and its cases the outcomes that were written."""
    folder = write_source(drafted("acme", request_), tmp_path, package=package)
    source = folder / "src" / "springhead_source_acme" if package else folder

    assert find_findings(source) == []
    (suite,) = find_suites([str(source)], tmp_path)
    assert [suite.failures(case) for case in suite.cases] == [[]]
    outcome = json.loads(suite.cases[0].expected or "")
    assert (len(outcome["rejections"]), bool(outcome["events"])) == (0, True)


def test_people_and_secrets_are_replaced_everywhere() -> None:
    """The same value has the same example, also inside other text; ids stay."""
    (one,) = drafted("orbit", SIGNED).fixtures

    assert json.loads(one.request.body) == {
        "id": 8001,
        "action": "paid",
        "updated_at": "2024-03-15T10:15:30Z",
        "customer": {"id": 7, "email": "ada@example.com", "first_name": "Ada", "last_name": "Example"},
        "api_token": "example-secret-1",
        "amount": 1999,
        "currency": "gbp",
        "client_ip": "192.0.2.1",
        "note": "Receipt sent to ada@example.com",
    }
