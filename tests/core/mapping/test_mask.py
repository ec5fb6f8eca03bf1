"""Masks: which values a listed path covers, and what is left of a value that holds some."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from springhead.core.errors import InvalidPath
from springhead.core.mapping.mask import build_mask, parse_listed_path
from springhead.core.mapping.masking import MASKED, apply_mask
from support.effort import scaled


def masked(value: Any, *listed: str) -> Any:
    """Mask what the listed paths cover."""
    mask = build_mask(map(parse_listed_path, listed))
    assert mask is not None
    return apply_mask(value, mask)


@pytest.mark.parametrize(
    ("listed", "value", "expected"),
    [
        ("**.x", {"x": 1, "a": {"x": 1, "y": 2}}, {"x": MASKED, "a": {"x": MASKED, "y": 2}}),
        ("**.x", [{"x": 1}, [{"a": [{"x": 1}]}]], [{"x": MASKED}, [{"a": [{"x": MASKED}]}]]),
        ("**.x", {"x": {"x": 1}}, {"x": MASKED}),
        ("a.**.x", {"x": 1, "a": {"x": 1, "b": {"x": 1}}}, {"x": 1, "a": {"x": MASKED, "b": {"x": MASKED}}}),
        ("**.a.x", {"a": {"a": {"x": 1}, "b": {"x": 1}}}, {"a": {"a": {"x": MASKED}, "b": {"x": 1}}}),
        ("**.a.**.x", {"x": 1, "b": {"a": {"c": {"x": 1}}}}, {"x": 1, "b": {"a": {"c": {"x": MASKED}}}}),
        ("**.a.*", {"b": {"a": {"c": 1, "d": {"e": 1}}}}, {"b": {"a": {"c": MASKED, "d": MASKED}}}),
        ("a.**", {"a": {"b": 1}, "c": 1}, {"a": MASKED, "c": 1}),
        ("**.x", {"b.x": 1, "y.z": 1, "0": {"x": 1}}, {"b.x": MASKED, "y.z": 1, "0": {"x": MASKED}}),
        ("a.**.b.x", {"a.c.b.x": 1, "a.b": {"x": 1}}, {"a.c.b.x": MASKED, "a.b": {"x": MASKED}}),
        ("**.x", {"a": {"x": "", "b": {"x": None}}}, {"a": {"x": "", "b": {"x": None}}}),
        ("a.**.x", {"a": "free text"}, {"a": "free text"}),
        ("a.*", {"a": "free text"}, {"a": MASKED}),
    ],
)  # fmt: skip
def test_a_path_may_stand_for_any_depth(listed: str, value: Any, expected: Any) -> None:
    """`**` stands for any number of keys, and lists need no step."""
    assert masked(value, listed) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"x": "1", "y": [1e400, 2]}', '{"x":"*****","y":["1e400",2]}'),
        ('  [{"x": 1}]', '[{"x":"*****"}]'),
        ('{"y": "{\\"x\\": 1}"}', '{"y":"{\\"x\\":\\"*****\\"}"}'),
        ('{ "y" : 1 }', '{ "y" : 1 }'),
        ('{"x": 1', '{"x": 1'),
        ("{not JSON}", "{not JSON}"),
        ("[INFO] x", "[INFO] x"),
        ("", ""),
        ('"x"', '"x"'),
    ],
)
def test_text_that_is_json_is_masked_inside(text: str, expected: str) -> None:
    """As if it had been sent as what it holds; other text stays as it is, to the letter."""
    assert masked({"a": {"b": text}}, "**.x") == {"a": {"b": expected}}
    assert masked({"a": {"b": text}}, "a.b.**.x") == {"a": {"b": expected}}


def test_json_text_nested_beyond_all_limits_is_masked() -> None:
    """Text in text in text costs no more than it has characters, and never fails."""
    text = '{"x": 1}'
    for _ in range(12):
        text = "[" * 150 + json.dumps(text) + "]" * 150

    result = json.dumps(masked({"a": text}, "**.x"))

    assert MASKED in result
    assert '"x' not in result.replace("\\", "")


def test_what_is_not_masked_is_shared() -> None:
    """A value without anything listed comes back itself, and none is changed."""
    value = {"a": {"x": 1}, "b": {"c": {"d": 1}}}

    result = masked(value, "**.x")

    assert value == {"a": {"x": 1}, "b": {"c": {"d": 1}}}
    assert result["b"] is value["b"]
    assert masked(value["b"], "**.x") is value["b"]


@pytest.mark.parametrize("path", ["user_*", "a.**b", "prompts[].user_name", "a.*.x*", "$request.x", "a..b"])
def test_a_path_that_would_mask_nothing_is_refused(path: str) -> None:
    """A slip must not let a value through: a star stands for whole keys only, and lists have no step."""
    with pytest.raises(InvalidPath):
        parse_listed_path(path)


def test_a_quoted_star_is_allowed() -> None:
    """A key that has a star in it can be listed in quotes."""
    assert masked({"a*": 1, "ab": 1}, '"a*"') == {"a*": MASKED, "ab": 1}


keys = st.sampled_from(["a", "b", "c", "x"])
steps = st.sampled_from(["a", "b", "c", "x", "*", "**", "**"])
listed_keys = st.lists(steps, min_size=1, max_size=5).filter(lambda pattern: pattern[-1] not in ("*", "**"))


def covers(pattern: list[str], keys: list[str]) -> bool:
    """Whether a pattern leads exactly along these keys, by the definition of its steps."""
    if not pattern:
        return not keys
    if pattern[0] == "**":
        return any(covers(pattern[1:], keys[start:]) for start in range(len(keys) + 1))
    return bool(keys) and pattern[0] in ("*", keys[0]) and covers(pattern[1:], keys[1:])


def masked_by_definition(value: Any, patterns: list[list[str]], keys: list[str]) -> Any:
    """Mask a value without lists as the definition says, checking every path from the top."""
    if any(covers(pattern, keys) for pattern in patterns):
        return MASKED
    if isinstance(value, dict):
        return {key: masked_by_definition(member, patterns, [*keys, key]) for key, member in value.items()}
    return value


objects: st.SearchStrategy[Any] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=15
)


@settings(max_examples=scaled(300), deadline=None)
@given(value=st.dictionaries(keys, objects, max_size=4), listed=st.lists(listed_keys, min_size=1, max_size=5))
def test_one_walk_masks_what_each_path_covers(value: Any, listed: list[list[str]]) -> None:
    """All paths together mask exactly what each of them covers by itself."""
    assert masked(value, *map(".".join, listed)) == masked_by_definition(value, listed, [])
