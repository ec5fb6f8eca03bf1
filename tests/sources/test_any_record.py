"""Every bundled source has an outcome for any record, which is the one that its mapping defines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead import encode
from springhead.core.decode import decode
from springhead.core.mapping.interpret import Scope, apply_rules, first_reply
from springhead.kit.case import Case, find_cases
from support.effort import scaled
from support.hosts import HOST
from support.paths import FIXTURES

CASES = [case for name in sorted(HOST.sources) for case in find_cases(FIXTURES / name, name)]
times = st.sampled_from(["2024-03-15T10:15:30Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | times,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def containers(value: Any) -> Iterator[Any]:
    """List the objects and lists of a JSON value that hold something."""
    if isinstance(value, dict | list) and value:
        yield value
        for member in value.values() if isinstance(value, dict) else value:
            yield from containers(member)


def altered_item(data: st.DataObject, case: Case) -> Any:
    """An item of a case in which any one value is another; None if the case has no object."""
    items = [item for _, item in decode(case.request(), HOST.sources[case.source].framing)]
    objects = [item for item in items if isinstance(item, dict) and item]
    if not objects:
        return None
    item = json.loads(encode(data.draw(st.sampled_from(objects))))
    container = data.draw(st.sampled_from(list(containers(item))))
    keys = list(container) if isinstance(container, dict) else range(len(container))
    container[data.draw(st.sampled_from(keys))] = data.draw(values)
    return item


@pytest.mark.slow
@settings(max_examples=scaled(300), deadline=None)
@given(data=st.data(), level=st.sampled_from(["off", "pii"]))
def test_any_value_in_any_place_has_an_outcome(data: st.DataObject, level: str) -> None:
    """The record becomes an event, a drop, a rejection or a reply, whatever it holds, in strict JSON."""
    case = data.draw(st.sampled_from(CASES))
    item = altered_item(data, case)
    receive = HOST.receiver(case.source, {"redact": level}, verified=True, body_is_item=True)

    outcome = receive(case.request(encode(item or {})))

    assert outcome.events or outcome.dropped or outcome.rejections or outcome.reply
    for one in (*outcome.events, *(rejection.as_json() for rejection in outcome.rejections)):
        json.loads(encode(one), parse_constant=pytest.fail)


@pytest.mark.slow
@settings(max_examples=scaled(300), deadline=None)
@given(data=st.data(), level=st.sampled_from(["off", "secrets", "pii"]))
def test_a_compiled_source_does_what_the_interpreter_does(data: st.DataObject, level: str) -> None:
    """They agree on any record: on its events, and on what it is replied to."""
    case = data.draw(st.sampled_from(CASES))
    mapper, config = HOST.sources[case.source].mapper, {"redact": level}
    item = altered_item(data, case) or {}
    record, _ = HOST.sources[case.source].unwrap(item) or (item, ())
    record = record if isinstance(record, dict) else {}
    request = case.request().as_json()
    scope = Scope(record, item, request, config)

    compiled = mapper.for_config(config)(record, item, request, config)
    interpreted = apply_rules(mapper.variant(config), scope)

    assert [(rule.label, *made) for rule, *made in compiled or ()] == [
        (rule.label, *made) for rule, *made in interpreted or ()
    ]
    assert mapper.reply(record, item, request, config) == first_reply(mapper.mapping.replies, scope)
