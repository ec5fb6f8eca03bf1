"""Parsing: numbers, texts and levels make no difference to what a value is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead.core.codec import parse
from support.effort import scaled

integers = st.integers() | st.sampled_from([2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**300])
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(max_examples=scaled(200), deadline=None)
@given(value=values, levels=st.integers(0, 15), as_object=st.booleans())
def test_a_value_is_the_same_at_any_level(value: Any, levels: int, as_object: bool) -> None:
    """Neither the level it stands at nor what stands beside it changes a value, nor its type."""
    for _ in range(levels):
        value = {"a": value} if as_object else [value]

    assert repr(parse(json.dumps(value).encode())) == repr(value)


@pytest.mark.parametrize("levels", [1, 9, 10, 20])
@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 309, "1" * 400])
def test_a_number_beyond_float64_is_text_at_any_level(number: str, levels: int) -> None:
    """It becomes the text that was sent."""
    body = "[" * levels + number + "]" * levels

    assert json.dumps(parse(body.encode())) == body.replace(number, f'"{number}"')
