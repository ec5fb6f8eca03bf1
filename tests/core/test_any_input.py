"""Properties of every input there is: bytes, JSON values and records nobody thought of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead import Outcome, Request, encode
from support.effort import scaled
from support.hosts import HOST

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
fields = st.sampled_from(
    ["type", "date", "user_id", "details", "data", "logs", "log_id", "detail", "description"]
)
logs = st.dictionaries(fields, json_values, max_size=6)


def receive(body: bytes, config: dict[str, Any] | None = None) -> Outcome:
    """Receive a body as Auth0's, and check that every event and rejection is strictly valid JSON."""
    outcome = HOST.receive("auth0", Request(body=body), config)
    for one in (*outcome.events, *(rejection.as_json() for rejection in outcome.rejections)):
        json.loads(encode(one), parse_constant=pytest.fail)
    return outcome


@pytest.mark.slow
@settings(max_examples=scaled(100), deadline=None)
@given(
    body=json_values | logs | st.lists(logs | json_values, max_size=4), level=st.sampled_from(["off", "pii"])
)
def test_any_json_becomes_events_and_rejections(body: Any, level: str) -> None:
    """Every record of valid JSON becomes an event or a rejection."""
    config = {"redact": level, "extra_properties": True}

    outcome = receive(encode(body), config)

    if isinstance(body, list) and not any(isinstance(one, dict) and "logs" in one for one in body):
        assert len(outcome.events) + len(outcome.rejections) == len(body)


@settings(max_examples=scaled(100), deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_have_an_outcome(body: bytes) -> None:
    """There is an event or a rejection, unless the list is empty."""
    outcome = receive(body)

    assert outcome.events or outcome.rejections or body.strip().startswith((b"[", b"{"))


@settings(max_examples=scaled(100), deadline=None)
@given(value=json_values)
def test_a_value_comes_out_as_it_went_in(value: Any) -> None:
    """Every number, text and key inside `details` arrives as it was sent."""
    body = encode([{"type": "s", "log_id": "1", "details": {"value": value}}])

    (event,) = receive(body).events

    assert json.dumps(event["properties"]["details"]["value"]) == json.dumps(value)
