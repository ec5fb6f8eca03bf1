"""What `redact=pii` promises, held against everything personal in the fixtures of all bundled sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from springhead.core.decode import decode
from springhead.kit.case import Case, find_cases
from support.hosts import HOST
from support.paths import FIXTURES

CASES = [case for source in sorted(HOST.sources) for case in find_cases(FIXTURES / source, source)]

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+\d{7,15}")
ADDRESS = re.compile(r"[0-9a-fA-F]*[:.][0-9a-fA-F:.]+")
PERSON = {"email", "given_name", "username", "phone_number"}
"""Keys of which a person's object has at least one."""
THINGS = {"line_items", "shop_owner"}
"""Keys of objects that have an address, and a name that is nobody's: orders and shops."""
NAMES = {"name", "given_name", "family_name", "first_name", "last_name", "nickname", "username"}
"""Keys that hold a name in a person's object."""


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """List all objects of a JSON value."""
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(member)


def addresses(text: str) -> Iterator[str]:
    """Find the IP addresses in a text."""
    for found in ADDRESS.findall(text):
        try:
            ip_address(found)
        except ValueError:
            continue
        yield found


def personal(items: list[Any]) -> set[str]:
    """Collect the addresses, phone numbers and names in the items of a request."""
    text = json.dumps(items, ensure_ascii=False)
    names = {
        value
        for found in objects(items)
        for key, value in found.items()
        if key == "user_name" or (key in NAMES and found.keys() & PERSON and not found.keys() & THINGS)
        if isinstance(value, str) and re.search(r"\w", value)
    }
    return {*EMAIL.findall(text), *PHONE.findall(text), *addresses(text), *names}


def without_identity(event: dict[str, Any]) -> str:
    """Write an event as text, without the fields that say whose it is."""
    rest = {key: value for key, value in event.items() if key not in ("userId", "groupId", "previousId")}
    traits = {**event["context"].get("traits", {}), "userId": None}
    return json.dumps({**rest, "context": {**event["context"], "traits": traits}}, ensure_ascii=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("extra", [False, True])
def test_no_event_has_personal_data(case: Case, extra: bool) -> None:
    """Only the identity fields and `context.traits.userId` hold an address, a phone number or a name."""
    config = {**case.config, "redact": "pii", "extra_properties": extra}
    items = [item for _, item in decode(case.request(), HOST.sources[case.source].framing)]
    searched = personal([item for item in items if isinstance(item, dict)])

    events = map(without_identity, HOST.receive(case.source, case.request(), config).events)

    found = [
        (value, event)
        for event in events
        for value in searched
        if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", event)
    ]
    assert found == []


def test_the_fixtures_hold_personal_data() -> None:
    """The search above would find something: every kind of it is in the fixtures."""
    framing = HOST.sources["auth0"].framing
    items = [item for case in CASES for _, item in decode(case.request(), framing) if isinstance(item, dict)]

    found = personal(items)

    assert {"ada@example.com", "+15555550100", "192.0.2.10", "Ada Example"} <= found
