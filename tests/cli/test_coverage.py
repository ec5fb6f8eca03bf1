"""`springhead coverage`, as the author of a source uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.commands import springhead
from support.suites import mapping_of, suite_of

ROWS: list[dict[str, Any]] = [
    {"from": ["id", "key"], "to": "userId"},
    {"from": "kind", "lookup": "names", "to": "properties.kind"},
]


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A source folder with one case, which does not run all of it."""
    unmapped = [{"paths": ["links"], "reason": "Only browsers need them."}]
    body = {"id": 7, "kind": "paid", "links": {"self": "x"}, "coupon": "y"}
    suite = suite_of(
        tmp_path,
        body,
        mapping=mapping_of(ROWS),
        names={"paid": "Paid", "sent": "Sent"},
        source={"name": "acme", "unmapped": unmapped},
    )
    return suite.source.folder


def test_what_is_not_run_is_shown_with_its_place_and_advice(acme: Path) -> None:
    """Then what nobody decided, and what is left out on purpose."""
    done = springhead(acme.parent, "coverage", "acme")

    assert done.stdout == (
        "acme: 71.4 % run: 1 of 1 rules, 2 of 2 rows, 1 of 2 branches, 1 of 2 table entries\n"
        "  mapping.json:1 /map/0/from/1: key is never the first that has a value"
        " - add a record with a value at key, and none at id\n"
        '  names.json:1 /sent: no fixture looks up "sent" - add a record with "sent", or remove the entry\n'
        "  undecided: nothing reads it, and unmapped in source.json does not list it\n"
        "    coupon  case-0\n"
        "  left out on purpose\n"
        "    links.self  Only browsers need them.\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("minimum", "code"), [("71", 0), ("71.4", 0), ("80", 1), ("100", 1)])
def test_too_little_fails_if_asked_for(acme: Path, minimum: str, code: int) -> None:
    """With a sentence of how much is run, and how much should be."""
    done = springhead(acme.parent, "coverage", "acme", "--fail-under", minimum)

    assert done.returncode == code
    assert done.stderr == (
        f"springhead: the fixtures run 71.4 % of acme, less than --fail-under {minimum}\n" if code else ""
    )


def test_waived_points_are_shown_with_their_reason(acme: Path) -> None:
    """They do not count; a waiver that is not needed is shown as well."""
    about = json.loads((acme / "source.json").read_text())
    waivers = [
        {"code": "not-run", "at": "names.json/sent", "reason": "It comes in December only."},
        {"code": "not-run", "at": "mapping.json/map/1", "reason": "Once it was so."},
    ]
    (acme / "source.json").write_text(json.dumps({**about, "waive": waivers}))

    done = springhead(acme.parent, "coverage", "acme")

    assert "1 of 1 table entries\n" in done.stdout
    assert "  waived\n    names.json:1 /sent  It comes in December only.\n" in done.stdout
    assert (
        "  source.json: the waiver of not-run at mapping.json/map/1 is not needed [unused-waiver] - remove it\n"
        in done.stdout
    )


def test_json_is_one_object(acme: Path) -> None:
    """With the same, for scripts."""
    done = springhead(acme.parent, "coverage", "acme", "--json")

    value = json.loads(done.stdout)
    assert (value["source"], value["percent"], value["entries"]) == ("acme", 71.4, {"run": 1, "of": 2})
    assert [point["pointer"] for point in value["not_run"]] == ["/map/0/from/1", "/sent"]
    assert value["left_out"] == [{"path": "links.self", "case": "case-0", "reason": "Only browsers need them."}]


def test_a_source_without_fixtures_is_a_usage_error(tmp_path: Path) -> None:
    """There is nothing to measure."""
    suite = suite_of(tmp_path, {})
    case = suite.cases[0].folder
    case.rename(tmp_path / "elsewhere")

    done = springhead(tmp_path, "coverage", "./acme")

    assert (done.returncode, done.stdout) == (2, "")
    assert "has no case" in done.stderr
