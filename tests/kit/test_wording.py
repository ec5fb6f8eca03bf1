"""Conditions in words: what a record holds that satisfies them, and what one holds that does not."""

from __future__ import annotations

from typing import Any

import pytest

from springhead.kit.wording import lacking, providing, satisfied, unsatisfied


@pytest.mark.parametrize(
    ("when", "holds", "fails"),
    [
        ({"k": "a"}, 'k is "a"', 'k is not "a"'),
        ({"k": ["a", 1, None]}, 'k is "a" or 1 or absent', 'k is not "a" or 1 or absent'),
        ({"k": {"not": "a"}}, 'k is not "a"', 'k is "a"'),
        ({"k": {"exists": True}}, "k is present", "k is absent"),
        ({"k": {"exists": False}}, "k is absent", "k is present"),
        ({"k": {"prefix": ["a", "b"]}}, 'k starts with "a" or "b"', 'k does not start with "a" or "b"'),
        ({"k": {"matches": "^a"}}, 'k matches "^a"', 'k does not match "^a"'),
        ({"k": {"ignore_case": "a"}}, 'k is "a" in any case', 'k is not "a" in any case'),
        ({"k": {"exists": True, "not": "a"}}, 'k is present and k is not "a"', 'k is absent or k is "a"'),
        ({"k": 1, "l": 2}, "k is 1 and l is 2", "this does not hold: k is 1 and l is 2"),
        (
            {"k": 1, "any": [{"l": 2}, {"m": 3}]},
            "k is 1 and one of these holds: l is 2; or m is 3",
            "this does not hold: k is 1 and one of these holds: l is 2; or m is 3",
        ),
    ],
)
def test_a_condition_is_said_in_words(when: dict[str, Any], holds: str, fails: str) -> None:
    """And so is what fails it."""
    assert (satisfied(when), unsatisfied(when)) == (holds, fails)


@pytest.mark.parametrize(
    ("row", "record"),
    [
        ({"from": "a"}, "a record with a value at a"),
        ({"from": "a", "pick": ["b"]}, "a record with a value at a"),
        ({"all": ["a", "b"]}, "a record with a value at a or b"),
        ({"from": "a", "apply": ["number"]}, "a record with a value at a that the functions take"),
        ({"from": "a", "lookup": "names"}, "a record in which a is in names.json"),
        ({"template": "{a} {b}"}, 'a record with a value for every part of "{a} {b}"'),
        ({"from": "a", "when": {"k": 1}}, "a record with a value at a, and k is 1"),
        ({"value": 1, "when": {"k": 1}}, "a record in which k is 1"),
        ({"object": {"b": {"from": "a"}}}, "a record that gets to it"),
    ],
)
def test_what_gives_a_row_a_value_is_said_in_words(row: dict[str, Any], record: str) -> None:
    """All that keeps the row from one."""
    assert providing(row) == record


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"from": "a"}, "a is absent"),
        ({"from": ["a", "b"], "apply": ["lower"]}, "a or b is absent, or is not what the functions take"),
        ({"from": "a", "lookup": "names"}, "a is not in names.json"),
        ({"template": "{a} {b}"}, 'a part of "{a} {b}" is absent'),
    ],
)
def test_what_leads_to_an_else_is_said_in_words(row: dict[str, Any], said: str) -> None:
    """By what the row does with its value."""
    assert lacking(row) == said
