"""Whatever body is captured, its draft is sound."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead.core.errors import InvalidDraft
from springhead.core.request import Request
from springhead.kit.new.captured import capture
from springhead.kit.new.draft import draft_source
from springhead.kit.new.write import write_source
from springhead.kit.suite import find_suites
from support.folders import find_findings

NAMES = st.one_of(
    st.sampled_from(
        [
            *(
                "id",
                "type",
                "event",
                "action",
                "user",
                "email",
                "created_at",
                "timestamp",
                "ip",
                "amount",
                "token",
            ),
            *(
                "currency",
                "name",
                "payload",
                "data",
                "events",
                "a.b",
                "*",
                "$x",
                "tags[]",
                "a[b]",
                "0",
                "",
                '"',
            ),
        ]
    ),
    st.text(max_size=5),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["mary@corp.io", "2024-03-15T10:15:30Z", "8.8.8.8", "1710497730", "gbp", "order.paid", '{"type": "a"}']
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def assert_sound(*bodies: bytes) -> None:
    """A draft from these bodies loads, and passes the tests that were written with it."""
    draft = draft_source("acme", [capture(f"case-{index}", Request(body)) for index, body in enumerate(bodies)])
    with TemporaryDirectory() as folder:
        source = write_source(draft, Path(folder))
        assert find_findings(source) == []
        (suite,) = find_suites([str(source)], source)
        assert [failure for case in suite.cases for failure in suite.failures(case)] == []


@given(st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_objects(records: list[dict[str, Any]]) -> None:
    """Each is a body."""
    assert_sound(*(json.dumps(record).encode() for record in records))


@given(VALUES)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_any_json(value: Any) -> None:
    """Lists and scalars included; only a list without elements holds nothing to draft from."""
    body = json.dumps(value).encode()
    if value == []:
        with pytest.raises(InvalidDraft):
            capture("case", Request(body))
        return
    assert_sound(body)


@given(st.dictionaries(NAMES, st.text(max_size=6), min_size=1, max_size=5))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_forms(fields: dict[str, str]) -> None:
    """Each field has text."""
    try:
        capture("case", Request(urlencode(fields).encode()))
    except InvalidDraft:  # not every one looks like a form
        return
    assert_sound(urlencode(fields).encode())


@pytest.mark.parametrize("body", [b"", b" ", b"<xml/>", b"plain text", b"{", b"\xff"])
def test_what_is_neither_json_nor_a_form_is_refused(body: bytes) -> None:
    """With the reason."""
    with pytest.raises(InvalidDraft, match="is neither JSON nor a form"):
        capture("case", Request(body))


def test_lines_are_objects() -> None:
    """Other lines are not records, and together they are not one."""
    with pytest.raises(InvalidDraft, match="case has lines that are not objects"):
        draft_source("acme", [capture("case", Request(b'{"a": 1}\n{"a": 2}\n[3]\n'))])
