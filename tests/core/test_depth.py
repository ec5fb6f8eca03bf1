"""Depth: it is measured exactly, whatever the texts of a body hold."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead.core.codec import parse
from springhead.core.depth import MAX_DEPTH
from springhead.core.errors import InvalidJson
from support.effort import scaled

pieces = st.sampled_from(
    ["[", "]", "{", "}", "[]", r"\"", r"\\", r"\n", r"\u005b", "n", "b", "/", ",", ":", "é"]
)
texts = st.lists(pieces, max_size=6).map(lambda parts: f'"{"".join(parts)}"')
levels = st.one_of(
    st.just(("[", "]")),
    texts.map(lambda text: (f"{{{text}:", "}")),
    texts.map(lambda text: (f"[{text}, ", "]")),
    texts.map(lambda text: (f'{{"a":[{{}},{text}],"b":', "}")),
    texts.map(lambda text: ("[", f",[[{text}]]]")),
)


def depth(json: str) -> int:
    """Measure the depth of valid JSON, character by character."""
    deepest = level = 0
    in_text = escaped = False
    for character in json:
        if escaped:
            escaped = False
        elif in_text:
            in_text, escaped = character != '"', character == "\\"
        elif character == '"':
            in_text = True
        else:
            level += (character in "[{") - (character in "]}")
            deepest = max(deepest, level)
    return deepest


def is_too_deep(json: str) -> bool:
    """Whether `parse` refuses JSON for its depth."""
    try:
        parse(json.encode())
    except InvalidJson as error:
        return error.rule == "json/depth"
    return False


@settings(max_examples=scaled(200), deadline=None)
@given(
    innermost=texts,
    cycle=st.lists(levels, min_size=1, max_size=5),
    count=st.integers(MAX_DEPTH - 4, MAX_DEPTH + 2),
    before=texts,
    after=texts,
)
def test_what_is_nested_too_deep_is_refused(
    innermost: str, cycle: list[tuple[str, str]], count: int, before: str, after: str
) -> None:
    """Exactly what has more than `MAX_DEPTH` levels is refused, alone or beside others in a list."""
    wrapping = [cycle[number % len(cycle)] for number in range(count)]
    alone = "".join(opening for opening, _ in wrapping) + innermost
    alone += "".join(closing for _, closing in reversed(wrapping))
    listed = f" [{before},{alone},{after}]"

    for json in (alone, listed):
        assert is_too_deep(json) is (depth(json) > MAX_DEPTH)


def test_a_long_list_is_measured_as_well() -> None:
    """The number of elements makes no difference."""
    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    elements = "[]," * 20_000

    assert not is_too_deep(f"[{elements}{deep[1:-1]}]")
    assert is_too_deep(f"[{elements}{deep}]")


@pytest.mark.parametrize("body", ["[{key}1{end}]", "{key}1{end}", '["a",{key}1{end}]'])
def test_depth_beyond_what_python_allows_is_no_error_of_its_own(body: str) -> None:
    """However near a body comes to Python's own limit, it is refused for its depth."""
    limit = sys.getrecursionlimit()

    for count in range(limit - 60, limit + 5):
        assert is_too_deep(body.format(key='{"a":' * count, end="}" * count))
