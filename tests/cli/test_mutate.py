"""`springhead mutate`, as the author of a source uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.commands import json_lines, springhead
from support.suites import mapping_of, suite_of

LOWER = {"from": "a", "apply": ["lower"], "to": "properties.a"}


def acme(parent: Path, *bodies: Any, **source: Any) -> None:
    """Make a source folder with a case for each body."""
    suite_of(parent, *bodies, mapping=mapping_of([LOWER]), source={"name": "acme", **source})


def test_what_no_fixture_notices_is_shown_with_the_fixture_that_would(tmp_path: Path) -> None:
    """Exit code 1; with that fixture it is 0."""
    acme(tmp_path / "before", {"a": "x"})
    acme(tmp_path / "after", {"a": "x"}, {"a": "X"})

    before = springhead(tmp_path / "before", "mutate", "acme")
    after = springhead(tmp_path / "after", "mutate", "acme")

    assert before.stdout == (
        "mapping.json:1 /map/0/apply/0: without lower, every fixture comes out the same [remove-function]"
        " - add a fixture like case-0, with a record in which a has a capital letter\n"
    )
    assert (before.returncode, before.stderr) == (1, "acme: 2 mutants, 1 noticed, 0 waived, 1 not noticed\n")
    assert (after.returncode, after.stdout) == (0, "")


def test_a_waiver_explains_a_mutant(tmp_path: Path) -> None:
    """One that explains nothing fails: it would hide the next."""
    waiver = {"code": "remove-function", "at": "mapping.json/map/0", "reason": "Acme writes small letters."}
    acme(tmp_path / "used", {"a": "x"}, waive=[waiver])
    acme(tmp_path / "unused", {"a": "x"}, {"a": "X"}, waive=[waiver])

    used = springhead(tmp_path / "used", "mutate", "acme")
    unused = springhead(tmp_path / "unused", "mutate", "acme")

    assert (used.returncode, used.stderr) == (0, "acme: 2 mutants, 1 noticed, 1 waived, 0 not noticed\n")
    assert unused.returncode == 1
    assert unused.stdout == (
        "source.json: the waiver of remove-function at mapping.json/map/0 is not needed [unused-waiver]"
        " - remove it\n"
    )


def test_json_has_one_object_for_each_mutant_that_is_not_noticed(tmp_path: Path) -> None:
    """With its place, the change, and the fixture that would notice."""
    acme(tmp_path, {"a": "x"})

    done = springhead(tmp_path, "mutate", "acme", "--json")

    assert json_lines(done.stdout) == [
        {
            "source": "acme",
            "code": "remove-function",
            "file": "mapping.json",
            "line": 1,
            "pointer": "/map/0/apply/0",
            "change": "without lower",
            "fixture": {"like": "case-0", "with": "a record in which a has a capital letter"},
            "waived": "",
        }
    ]
    assert (done.returncode, done.stderr) == (1, "")


def test_fixtures_that_fail_are_a_usage_error(tmp_path: Path) -> None:
    """A mutant is compared with what is expected."""
    acme(tmp_path, {"a": "x"})
    (tmp_path / "acme" / "fixtures" / "case-0" / "expected.json").write_text(json.dumps({}))

    done = springhead(tmp_path, "mutate", "acme")

    assert done.returncode == 2
    assert "case-0 is not as expected: see what springhead test says of it" in done.stderr
