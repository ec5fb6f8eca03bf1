"""Which events of two versions are the same one, and where they differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from springhead.kit.diff.events import MISSING, Change, changes_between, pair_events

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def event(id_: str, type_: str = "track", name: str = "E") -> dict[str, Any]:
    """An event."""
    return {"type": type_, "event": name, "messageId": id_}


def test_events_of_one_id_are_the_same() -> None:
    """Whatever their order and names."""
    old, new = [event("1", name="A"), event("2", name="B")], [event("2", name="B"), event("1", name="C")]

    pairs, removed, added = pair_events(old, new)

    assert sorted((x["event"], y["event"]) for x, y in pairs) == [("A", "C"), ("B", "B")]
    assert (removed, added) == ([], [])


def test_events_with_another_id_are_known_by_type_and_name() -> None:
    """In their order."""
    pairs, _, _ = pair_events([event("1"), event("2")], [event("3"), event("4")])

    assert [(x["messageId"], y["messageId"]) for x, y in pairs] == [("1", "3"), ("2", "4")]


def test_an_event_with_another_id_and_name_was_renamed() -> None:
    """If it is the only one left of its type; of two, either may be new."""
    renamed, _, _ = pair_events([event("1", name="A")], [event("2", name="B")])
    unclear, removed, added = pair_events([event("1", name="A")], [event("2", name="B"), event("3", name="C")])

    assert len(renamed) == 1
    assert (len(unclear), len(removed), len(added)) == (0, 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [Change("a", 1, True)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [Change("a.b", 1, 2)]),
        ({"a": 1}, {}, [Change("a", 1, MISSING)]),
        ({"a": {"b": 1}}, {}, [Change("a.b", 1, MISSING)]),
        ({"a": {}}, {}, [Change("a", {}, MISSING)]),
        ({}, {"a": None}, [Change("a", MISSING, None)]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [Change("a.*.b", 1, 2)]),
        ({"a": [1]}, {"a": [1, 2]}, [Change("a", [1], [1, 2])]),
        ({".a": 1}, {".a": 2}, [Change(".a", 1, 2)]),
    ],
)
def test_what_differs_is_found_by_path(old: Any, new: Any, changes: list[Change]) -> None:
    """A number stays a number, and the elements of a list share a path."""
    assert list(changes_between(old, new)) == changes


@given(VALUES)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    """Whatever it is."""
    assert list(changes_between(value, value)) == []
