"""The paths of records that nothing reads, and those of them that are left out on purpose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from springhead.kit.coverage.coverage import measure
from springhead.kit.explain.explain import Explainer
from support.suites import TRACK, WORDS, mapping_of, suite_of, suite_of_word

ROW = {"from": "a", "to": "properties.a"}


def unread(parent: Path, rows: list[Any], body: Any, *rules: dict[str, Any], **source: Any) -> dict[str, str]:
    """What is not read of a record, with the reasons of `unmapped`."""
    suite = suite_of(parent, body, mapping=mapping_of(rows, *rules), source={"name": "acme", **source})
    return {path.path: path.reason for path in measure(suite).unread}


@pytest.mark.parametrize(
    ("row", "record", "paths"),
    [
        (ROW, {"a": {"b": 1}, "c": 1}, ["c"]),
        ({**ROW, "from": "a.b"}, {"a": {"b": 1, "c": [{"d": 1}]}}, ["a.c.*.d"]),
        ({**ROW, "from": "a.b"}, {"a.b": 1}, []),
        ({**ROW, "pick": ["b"]}, {"a": {"b": 1, "c": 1}}, ["a.c"]),
        ({**ROW, "omit": ["b"]}, {"a": {"b": 1, "c": 1}}, []),
        ({**ROW, "each": [{"from": "b", "to": "b"}]}, {"a": [{"b": 1, "c": 1}]}, ["a.*.c"]),
        ({**ROW, "each": [{"from": "$parent.d", "to": "b"}]}, {"a": [{"c": 1}], "d": 1}, ["a.*.c"]),
        ({**ROW, "from": "a.*.b"}, {"a": [{"b": 1, "c": 1}]}, ["a.*.c"]),
        ({**ROW, "when": {"k": 1}, "else": {"from": "b"}}, {"k": 1, "b": 1, "c": 1}, ["c"]),
        ({"object": {"x": {"from": "a"}}, "to": "properties"}, {"a": 1, "b": 1}, ["b"]),
        ({"template": "{a}-{b}", "to": "userId"}, {"a": 1, "b": 2, "c": 3}, ["c"]),
        (ROW, {"a": 1, "b": None, "c": "", "d": {}, "e": []}, []),
    ],
)
def test_what_no_row_reads_is_found(tmp_path: Path, row: Any, record: Any, paths: list[str]) -> None:
    """With all that is below; `*` stands for the elements of a list, and what is empty is left out."""
    assert list(unread(tmp_path, [row], record)) == paths


def test_elements_of_a_rule_are_read_as_its_rows_read_them(tmp_path: Path) -> None:
    """What stands beside the list is not read, unless a row asks its parent for it."""
    rule = {**TRACK, "each": "items", "map": [{"from": "$parent.b", "to": "properties.b"}]}

    found = unread(tmp_path, [ROW], {"items": [{"a": 1, "x": 1}], "a": 2, "b": 3}, rule)

    assert list(found) == ["items.*.x", "a"]


def test_the_item_around_a_record_counts_as_well(tmp_path: Path) -> None:
    """What an id or a condition reads is read."""
    rules: list[dict[str, Any]] = [{"type": "identify", "when": {"$item.kind": "x"}}, TRACK]
    body = {"id": "1", "kind": "y", "sent": 1, "data": {"a": 1, "b": 1}}

    found = unread(tmp_path, [ROW], body, *rules, unwrap=["data"], id=["$item.id"])

    assert list(found) == ["b", "$item.sent"]


def test_records_that_become_no_event_are_left_out(tmp_path: Path) -> None:
    """A record that is dropped is left out as a whole, on purpose."""
    assert unread(tmp_path, [ROW], {"k": 1, "b": 1}, {"type": "drop", "when": {"k": 1}}, TRACK) == {}


@pytest.mark.parametrize("path", ["b.c", "b", "b.*", "**.c", "b.c.d"])
def test_unmapped_leaves_a_path_out_on_purpose(tmp_path: Path, path: str) -> None:
    """With all that is below; lists need no step, and stars stand for what they do in `secrets`."""
    unmapped = [{"paths": [path], "reason": "Only browsers need it."}]

    found = unread(tmp_path, [ROW], {"b": [{"c": {"d": 1}}], "e": 1}, unmapped=unmapped)

    assert found == {"b.*.c.d": "Only browsers need it.", "e": ""}


def test_unmapped_reaches_the_item_by_its_root(tmp_path: Path) -> None:
    """A path of the record does not stand for one around it."""
    unmapped = [{"paths": ["$item.sent"], "reason": "It is the time of the attempt."}]
    body = {"sent": 1, "data": {"sent": 2}}

    found = unread(tmp_path, [ROW], body, unwrap=["data"], unmapped=unmapped)

    assert found == {"sent": "", "$item.sent": "It is the time of the attempt."}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_what_is_unread_is_in_no_event(word: Path, tmp_path: Path) -> None:
    """As an explanation says of the same path."""
    suite = suite_of_word(tmp_path, word)
    (case,) = suite.cases
    explained = Explainer(suite.source, case.config).explain(case.request())
    unused = {without_indexes(value.path) for record in explained for value in record.unused}

    paths = {path.path for path in measure(suite).unread}

    assert paths <= unused


def without_indexes(path: str) -> str:
    """A path with stars for the elements of lists."""
    return re.sub(r"(^|(?<=\.))(0|[1-9]\d*)(?=\.|$)", "*", path)
