"""The fixture suite as the author of a source uses it, in a project of their own."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.folders import source_folder
from support.signatures import SECRET, documented

pytestmark = pytest.mark.slow

SUITE = """
from pathlib import Path

from springhead.testing import FixtureSuite


class TestAcme(FixtureSuite):
    sources = ["acme"]
    fixtures = Path(__file__).parent / "fixtures"
    folders = [Path(__file__).parent / "acme"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a source, the suite, and no fixtures yet."""
    source_folder(tmp_path)
    (tmp_path / "test_acme.py").write_text(SUITE)
    return tmp_path


def run(project: Path, *options: str) -> tuple[int, str]:
    """Run the project's tests; returns the exit code and what pytest printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    environment = {**os.environ, "COLUMNS": "300"}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout


def add_case(project: Path, name: str, **files: str) -> Path:
    """Add a case with these files, `request_json` standing for request.json."""
    case = project / "fixtures" / "acme" / name
    case.mkdir(parents=True)
    for file, text in files.items():
        (case / file.replace("_", ".")).write_text(text)
    return case


def test_a_case_is_written_once_and_then_expected(project: Path) -> None:
    """`--snapshot-update` writes the outcome; from then on any other outcome fails."""
    case = add_case(project, "batch", request_json='[{"id": 1}, {"id": 2}, 7]')
    run(project, "--snapshot-update")
    expected = json.loads((case / "expected.json").read_text())

    passed, _ = run(project)
    (case / "expected.json").write_text("{}")
    failed, output = run(project)

    assert [event["event"] for event in expected["events"]] == ["E", "E"]
    assert [rejection["rule"] for rejection in expected["rejections"]] == ["item/object"]
    assert passed == 0
    assert failed == 1
    assert "test_a_request_has_the_outcome_expected[acme/batch]" in output


def test_a_case_without_a_request_is_named(project: Path) -> None:
    """The sentence says which folder it is, and which files may hold a request."""
    case = add_case(project, "empty")

    code, output = run(project)

    assert code == 1
    assert f"{case} has no request: there must be one of request.json, request.jsonl, request.txt" in output


def test_a_case_with_two_requests_is_named(project: Path) -> None:
    """Which one is meant cannot be guessed."""
    case = add_case(project, "both", request_json="{}", request_txt="{}")

    _, output = run(project)

    assert f"{case} has 2 requests: there must be one of" in output


def test_a_slip_in_what_came_with_the_body_is_named(project: Path) -> None:
    """A misspelt key would leave the headers out without a word."""
    case = add_case(project, "slip", request_json="{}", request_meta_json='{"header": {}}')

    _, output = run(project)

    assert f"{case} has an unknown key 'header' in request.meta.json: did you mean headers?" in output


def test_a_source_without_fixtures_is_named(project: Path) -> None:
    """A source without fixtures proves nothing."""
    code, output = run(project)

    assert code == 1
    assert f"{project}/fixtures/acme has no case: add a folder with a request" in output


def test_a_signed_request_has_a_time_of_receipt_and_a_secret(project: Path) -> None:
    """Its outcome stays the same for ever; a batch in reverse and a file need no signature."""
    source_folder(project / "signed", source={"name": "acme", "signature": documented()["stripe"]})
    shutil.copytree(project / "signed" / "acme", project / "acme", dirs_exist_ok=True)
    body = '[{"id": 1}, {"id": 2}]'
    mac = hmac.new(SECRET.encode(), f"1710497730.{body}".encode(), hashlib.sha256).hexdigest()
    meta = {
        "headers": {"Stripe-Signature": f"t=1710497730,v1={mac}"},
        "received_at": 1710497731,
        "config": {"signing_secret": SECRET},
    }
    signed = add_case(project, "signed", request_json=body, request_meta_json=json.dumps(meta))
    forged = add_case(project, "forged", request_json="{}", request_meta_json=json.dumps(meta))
    run(project, "--snapshot-update")

    code, output = run(project)

    assert code == 0, output
    assert len(json.loads((signed / "expected.json").read_text())["events"]) == 2
    assert "matches" in json.loads((forged / "expected.json").read_text())["refused"]
