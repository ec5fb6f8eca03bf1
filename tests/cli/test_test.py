"""`springhead test`, as the author of a source uses it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from support.commands import springhead
from support.folders import add_case, source_folder
from support.servers import SPRINGHEAD


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A source folder with two cases, which have no outcome yet."""
    folder = source_folder(tmp_path)
    for name in ("created", "paid"):
        add_case(folder / "fixtures", name, request_json=json.dumps([{"kind": name}]))
    return folder


def test_a_case_is_written_and_then_expected(acme: Path) -> None:
    """`--update` names what it wrote; what differs later is shown, with exit code 1."""
    expected = acme / "fixtures" / "paid" / "expected.json"
    updated = springhead(acme.parent, "test", "acme", "--update")
    passed = springhead(acme.parent, "test", "acme")
    expected.write_text(expected.read_text().replace('"E"', '"F"'))

    failed = springhead(acme.parent, "test", "acme")

    assert (updated.returncode, passed.returncode, failed.returncode) == (0, 0, 1)
    assert updated.stdout == "acme/created: written\nacme/paid: written\n"
    assert (passed.stdout, passed.stderr) == ("", "2 cases passed, 0 failed\n")
    assert failed.stdout.startswith("acme/paid: the outcome is not acme/fixtures/paid/expected.json\n")
    assert '  -      "event": "F",\n  +      "event": "E",' in failed.stdout
    assert failed.stderr == "1 case passed, 1 failed\n"


def test_one_case_is_run_or_updated_alone(acme: Path) -> None:
    """`-k` is a part of its name."""
    done = springhead(acme.parent, "test", "acme", "-k", "creat", "--update")
    nothing = springhead(acme.parent, "test", "acme", "-k", "refunded")

    assert (done.stdout, done.stderr) == ("acme/created: written\n", "1 case passed, 0 failed\n")
    assert not (acme / "fixtures" / "paid" / "expected.json").exists()
    assert (nothing.returncode, nothing.stderr) == (2, "springhead: no case has 'refunded' in its name\n")


def test_json_has_one_object_for_each_case(acme: Path) -> None:
    """With the promises it breaks."""
    springhead(acme.parent, "test", "acme", "-k", "created", "--update")

    done = springhead(acme.parent, "test", "acme", "--json")

    created, paid = map(json.loads, done.stdout.splitlines())
    assert created == {
        "case": "acme/created",
        "folder": "acme/fixtures/created",
        "updated": False,
        "failures": [],
    }
    assert "has no expected.json" in paid["failures"][0]["promise"]
    assert done.returncode == 1


def test_a_case_that_cannot_be_run_costs_the_others_nothing(acme: Path) -> None:
    """It fails, with what is wrong with it."""
    springhead(acme.parent, "test", "acme", "--update")
    (acme / "fixtures" / "paid" / "request.meta.json").write_text('{"config": {"redact": "all"}}')

    done = springhead(acme.parent, "test", "acme", "--update")

    assert "acme/paid: the settings of source 'acme' are wrong: redact is 'all'" in done.stdout
    assert done.stderr == "1 case passed, 1 failed\n"


def test_a_terminal_sees_a_progress_bar(acme: Path) -> None:
    """On stderr, which stays plain anywhere else."""
    main, terminal = pty.openpty()

    done = subprocess.run(
        [SPRINGHEAD, "test", str(acme)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(terminal)
    errors = os.read(main, 100_000)
    os.close(main)

    assert b"\x1b[" in errors
    assert b"0 cases passed, 2 failed" in errors
    assert b"\x1b[" not in done.stdout
