"""The fixture suite as the author of a source uses it, in a project of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.commands import run_pytest
from support.distributions import SOURCE, Install
from support.folders import add_case, source_folder

pytestmark = pytest.mark.slow

TEST_FILE = """
from springhead.testing import fixtures

test_fixtures = fixtures("{}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a source, the test of its fixtures, and no fixtures yet."""
    source_folder(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_acme.py").write_text(TEST_FILE.format("../acme"))
    return tmp_path


def run(project: Path, *options: str, path: str = "") -> tuple[int, str]:
    """Run the project's tests; returns the exit code and what pytest printed."""
    done = run_pytest(project, *options, COLUMNS="300", PYTHONPATH=path)
    return done.returncode, done.stdout


def test_a_case_is_written_once_and_then_expected(project: Path) -> None:
    """`--snapshot-update` writes the outcome; any other outcome then fails, and the difference is shown."""
    case = add_case(project / "tests" / "fixtures" / "acme", "batch", request_json='[{"id": 1}, {"id": 2}, 7]')
    unwritten, complaint = run(project)
    run(project, "--snapshot-update")
    expected = json.loads((case / "expected.json").read_text())

    passed, _ = run(project)
    (case / "expected.json").write_text((case / "expected.json").read_text().replace('"E"', '"F"'))
    failed, output = run(project)

    assert (unwritten, passed, failed) == (1, 0, 1)
    assert (
        "has no expected.json: write it with --update (--snapshot-update of pytest), and read it" in complaint
    )
    assert [event["event"] for event in expected["events"]] == ["E", "E"]
    assert [rejection["rule"] for rejection in expected["rejections"]] == ["item/object"]
    assert "FAILED tests/test_acme.py::test_fixtures[acme/batch]" in output
    assert '-      "event": "F",\n+      "event": "E",' in output
    assert "Traceback" not in output


def test_one_case_is_updated_alone(project: Path) -> None:
    """`-k` selects it, by its source and its name."""
    fixtures = project / "tests" / "fixtures" / "acme"
    one, other = (add_case(fixtures, name, request_json="{}") for name in ("one", "other"))

    run(project, "--snapshot-update", "-k", "acme/one")

    assert (one / "expected.json").exists()
    assert not (other / "expected.json").exists()


def test_a_source_without_fixtures_is_named(project: Path) -> None:
    """A source without fixtures proves nothing."""
    code, output = run(project)

    assert code == 2
    assert f"{project}/tests/fixtures/acme has no case: add a folder with a request" in output


def test_an_installed_package_is_tested_by_its_name(project: Path, install: Install) -> None:
    """Its fixtures are those of the project that tests it."""
    install("springhead-source-acme", SOURCE)
    (project / "tests" / "test_acme.py").write_text(TEST_FILE.format("springhead_source_acme"))
    case = add_case(project / "tests" / "fixtures" / "acme", "one", request_json="{}", expected_json="{}")

    code, output = run(project, "--snapshot-update", path=str(project / "springhead-source-acme"))

    assert code == 1, output
    assert json.loads((case / "expected.json").read_text())["events"][0]["event"] == "E"
