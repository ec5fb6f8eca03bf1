"""Splitting an array: its elements do not depend on where its text is cut into chunks."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from springhead.core.array_splitter import ArraySplitter
from support.effort import scaled

texts = st.sampled_from(["x", '"', '\\"', "[{,", "]}", "\\", "\\\\", "é", "", "a, b"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=scaled(100), deadline=None)
@given(
    elements=st.lists(values, max_size=5),
    indent=st.sampled_from([None, 1]),
    rest=st.sampled_from([b"", b"\n", b" more, [1]"]),
    cuts=st.lists(st.integers(0, 200), max_size=6).map(sorted),
)
def test_an_array_splits_into_its_elements(
    elements: list[Any], indent: int | None, rest: bytes, cuts: list[int]
) -> None:
    """Brackets, commas and quotes inside text are text, also where a chunk ends in an escape."""
    text = json.dumps(elements, indent=indent).encode() + rest
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    splitter = ArraySplitter(chunks)

    assert [json.loads(element) for element in splitter] == elements
    assert splitter.closed
    assert rest.startswith(splitter.rest)


@settings(max_examples=scaled(50), deadline=None)
@given(elements=st.lists(values, min_size=1, max_size=5), cut=st.integers(1, 200))
def test_an_array_that_is_cut_off_keeps_its_rest(elements: list[Any], cut: int) -> None:
    """Nothing is lost: first come the whole elements, then there is the rest."""
    text = json.dumps(elements).encode()[:-cut] or b"["

    splitter = ArraySplitter([text])
    found = list(splitter)

    assert not splitter.closed
    assert [json.loads(element) for element in found] == elements[: len(found)]
    assert text.endswith(splitter.rest)
