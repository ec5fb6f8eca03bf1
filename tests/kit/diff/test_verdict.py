"""Which part of a version must move, and whether it has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from springhead import load_source
from springhead.kit.diff.differences import Level, compare
from springhead.kit.diff.requests import collect_requests
from springhead.kit.diff.verdict import Verdict, judge, step_between
from springhead.kit.diff.versions import new_version
from support.folders import add_case, source_folder

PAID = {"id": 7, "type": "paid", "card": {"brand": "visa"}, "at": "2024-03-15T10:15:30Z"}
EVENTS = [{"type": "track", "event": {"from": "type"}}]
ROWS = [{"from": "id", "to": "userId"}, {"from": "card", "to": "properties.card"}]


def judged(tmp_path: Path, old: dict[str, Any], new: dict[str, Any]) -> tuple[Verdict, list[tuple[str, str]]]:
    """The verdict on two versions with these files, and what differs: the kind, and where."""
    versions = []
    for name, files in (("old", old), ("new", new)):
        mapping = {"integration": "Acme", "events": EVENTS, "map": ROWS} | files.pop("mapping", {})
        folder = source_folder(tmp_path / name, mapping=mapping, **files)
        add_case(folder / "fixtures", "paid", request_json=json.dumps(PAID))
        versions.append(new_version(load_source(folder), folder))
    before, after = versions
    comparison = compare(before, after, collect_requests(before, after, []))
    found = [(difference.kind.code, difference.where) for difference in comparison.differences]
    return judge(before, after, comparison), found


@pytest.mark.parametrize(
    ("old", "new", "level", "differences"),
    [
        ({}, {}, Level.NONE, []),
        ({}, {"schema": {"required": ["id"]}}, Level.PATCH, []),
        (
            {},
            {"mapping": {"map": [*ROWS, {"from": "at", "to": "properties.at"}]}},
            Level.MAJOR,  # without a time, an event is known by its content
            [("changed-id", "messageId"), ("added-path", "properties.at")],
        ),
        (
            {},
            {"mapping": {"events": [{"type": "track", "event": "Order Paid"}]}},
            Level.MAJOR,
            [("changed-id", "messageId"), ("renamed-event", "event")],
        ),
        (
            {},
            {"mapping": {"events": [{"type": "identify"}]}},
            Level.MAJOR,
            [("removed-event", "track paid"), ("added-event", "identify")],
        ),
        (
            {"mapping": {"events": [{**EVENTS[0], "name": "paid"}]}},
            {"mapping": {"events": [{**EVENTS[0], "name": "paid", "type": "page"}]}},
            Level.MAJOR,  # the id of the message is the same
            [("retyped-event", "type")],
        ),
        (
            {},
            {"schema": {"required": ["user"]}},
            Level.MAJOR,
            [("removed-event", "track paid"), ("added-rejection", "schema/required")],
        ),
        (
            {"schema": {"required": ["user"]}},
            {},
            Level.MINOR,
            [("added-event", "track paid"), ("removed-rejection", "schema/required")],
        ),
        (
            {},
            {"mapping": {"emit": "all", "events": [*EVENTS, {"type": "identify"}]}},
            Level.MINOR,
            [("added-event", "identify")],
        ),
        (
            {"mapping": {"reply": [{"when": {"type": "paid"}, "body": "a"}]}},
            {"mapping": {"reply": [{"when": {"type": "paid"}, "body": "b"}]}},
            Level.MAJOR,
            [("changed-reply", "reply")],
        ),
    ],
)
def test_the_greatest_difference_decides(
    tmp_path: Path,
    old: dict[str, Any],
    new: dict[str, Any],
    level: Level,
    differences: list[tuple[str, str]],
) -> None:
    """What breaks a reader of the events is major, what adds to them minor, and all else a patch."""
    verdict, found = judged(tmp_path, dict(old), dict(new))

    assert (verdict.level, found) == (level, differences)


TIME = {"from": "at", "to": "originalTimestamp"}


@pytest.mark.parametrize(
    ("before", "after", "level", "difference"),
    [
        ({"from": "card.brand"}, {"from": "card.brand", "apply": "upper"}, Level.MINOR, "changed-value"),
        ({"from": "id"}, {"from": "id", "apply": "string"}, Level.MAJOR, "changed-type"),
        ({"from": "none"}, {"from": "id"}, Level.MINOR, "added-path"),
        ({"from": "id"}, {"from": "none"}, Level.MAJOR, "removed-path"),
    ],
)
def test_a_path_is_judged_by_what_became_of_it(
    tmp_path: Path, before: Any, after: Any, level: Level, difference: str
) -> None:
    """Where the time tells events apart, no id changes."""
    old, new = ({"mapping": {"map": [TIME, {**row, "to": "properties.x"}]}} for row in (before, after))

    verdict, found = judged(tmp_path, old, new)

    assert (verdict.level, found) == (level, [(difference, "properties.x")])


def test_the_reason_names_what_decides(tmp_path: Path) -> None:
    """Not what weighs less."""
    rows = [TIME, {"from": "id", "to": "properties.id"}]
    old, new = (
        {"mapping": {"map": [TIME, row]}} for row in (rows[1], {"from": "id", "to": "properties.number"})
    )

    verdict, _ = judged(tmp_path, old, new)

    assert verdict.reason == "paths are gone (properties.id)"


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ("1.2.3", "1.2.3", Level.NONE),
        ("1.2.3", "1.2.2", Level.NONE),
        ("1.2.3", "1.2.4", Level.PATCH),
        ("1.2.3", "1.3.0", Level.MINOR),
        ("1.2.3", "2.0.0", Level.MAJOR),
        ("1", "1.1", Level.MINOR),
        ("1.0.0", "1.0.1-rc.1", Level.PATCH),
        ("0.1.0", "0.1.1", Level.MINOR),
        ("0.1.0", "0.2.0", Level.MAJOR),
        ("0.9.0", "1.0.0", Level.MAJOR),
        ("1.0.0", "next", None),
    ],
)
def test_a_version_moves_by_its_first_part_that_differs(old: str, new: str, step: Level | None) -> None:
    """Before 1.0 everything counts one part more."""
    assert step_between(old, new) is step


@pytest.mark.parametrize(
    ("old", "new", "is_met", "needed"),
    [("1.0.0", "1.0.1", False, "1.1.0"), ("1.0.0", "1.1.0", True, "1.1.0"), ("0.1.0", "0.1.1", True, "0.1.1")],
)
def test_the_version_must_have_moved(tmp_path: Path, old: str, new: str, is_met: bool, needed: str) -> None:
    """By as much as the verdict says; more is allowed."""
    all_rules = {"emit": "all", "events": [*EVENTS, {"type": "identify"}]}

    verdict, _ = judged(
        tmp_path, {"source": {"version": old}}, {"source": {"version": new}, "mapping": all_rules}
    )

    assert (verdict.is_met, verdict.needed) == (is_met, needed)
