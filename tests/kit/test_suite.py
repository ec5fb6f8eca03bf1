"""The suite that every source must pass: it finds each broken promise."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from springhead.core.errors import InvalidFixture, UnknownSource
from springhead.kit.suite import Suite, find_suites
from support.distributions import SOURCE, Install
from support.folders import add_case, source_folder
from support.hosts import HOST
from support.signatures import SECRET, documented

COUNTING = f"""
from itertools import count
{SOURCE}
counter = count()

@hookimpl
def springhead_event(source, event):
    event["context"]["count"] = next(counter)
"""


def suite(tmp_path: Path, body: Any, **files: Any) -> Suite:
    """Make the suite of a source `acme` with one case, whose expected outcome is that of now."""
    folder = source_folder(tmp_path, **files)
    add_case(folder / "fixtures", "one", request_json=json.dumps(body))
    (made,) = find_suites([str(folder)], tmp_path)
    made.write(made.cases[0])
    return made


def test_a_source_keeps_all_promises(tmp_path: Path) -> None:
    """Equal records without an id, bad items and replies break none of them."""
    mapping = {
        "integration": "Acme",
        "reply": [{"when": {"challenge": {"exists": True}}, "body": {"from": "challenge"}}],
        "events": [{"type": "track", "event": "E"}],
    }
    body = [{"a": 1}, {"a": 1}, 7, {"challenge": "x"}]

    made = suite(tmp_path, body, mapping=mapping)

    assert made.failures(made.cases[0]) == []


def test_an_outcome_that_differs_is_shown_line_by_line(tmp_path: Path) -> None:
    """Only what differs, with a few lines around it."""
    made = suite(tmp_path, [{"a": 1}])
    expected = made.cases[0].folder / "expected.json"
    expected.write_text(expected.read_text().replace('"E"', '"F"'))

    (failure,) = made.failures(made.cases[0])

    assert failure.promise == f"the outcome is not {expected}"
    assert '-      "event": "F",\n+      "event": "E",' in failure.difference
    assert len(failure.difference.splitlines()) < 15


def test_a_plugin_that_counts_breaks_every_promise(tmp_path: Path, install: Install) -> None:
    """Events that depend on what came before are other events in a retry."""
    install("springhead-source-acme", COUNTING)
    add_case(tmp_path / "tests" / "fixtures" / "acme", "one", request_json='[{"a": 1}, {"a": 2}]')
    (tmp_path / "pyproject.toml").touch()
    (made,) = find_suites(["springhead_source_acme"], tmp_path)
    made.write(made.cases[0])

    promises = [failure.promise for failure in made.failures(made.cases[0])]

    assert promises == [
        f"the outcome is not {made.cases[0].folder / 'expected.json'}",
        "the same request sent twice has another outcome",
        "the batch in reverse has other events",
        "the batch split into its items has other events",
        "the body streamed as a file has another outcome",
    ]


def test_a_signed_request_has_a_time_of_receipt_and_a_secret(tmp_path: Path) -> None:
    """Its outcome stays the same for ever; a batch in reverse, its items and a file need no signature."""
    folder = source_folder(tmp_path, source={"name": "acme", "signature": documented()["stripe"]})
    body = '[{"id": 1}, {"id": 2}]'
    mac = hmac.new(SECRET.encode(), f"1710497730.{body}".encode(), hashlib.sha256).hexdigest()
    meta = {
        "headers": {"Stripe-Signature": f"t=1710497730,v1={mac}"},
        "received_at": 1710497731,
        "config": {"signing_secret": SECRET},
    }
    add_case(folder / "fixtures", "forged", request_json="{}", request_meta_json=json.dumps(meta))
    add_case(folder / "fixtures", "signed", request_json=body, request_meta_json=json.dumps(meta))
    (made,) = find_suites([str(folder)], tmp_path)
    forged, signed = made.cases
    for case in made.cases:
        made.write(case)

    assert made.failures(signed) == made.failures(forged) == []
    assert len(json.loads(signed.expected or "")["events"]) == 2
    assert "matches" in json.loads(forged.expected or "")["refused"]


def test_without_a_name_every_source_with_cases_is_tested() -> None:
    """A source that is installed without its fixtures is left out."""
    names = [made.source.name for made in find_suites([], Path(__file__).parent)]

    assert names == sorted(HOST.sources)


@pytest.mark.parametrize("name", ["nothing", "./nothing"])
def test_an_unknown_name_is_refused(tmp_path: Path, name: str) -> None:
    """Whether it could be a source's or a folder's."""
    with pytest.raises(UnknownSource):
        find_suites([name], tmp_path)


def test_a_source_without_a_case_is_refused(tmp_path: Path) -> None:
    """A source without fixtures proves nothing."""
    folder = source_folder(tmp_path)

    with pytest.raises(InvalidFixture) as error:
        find_suites(["acme"], tmp_path)

    assert str(error.value) == f"{folder}/fixtures has no case: add a folder with a request"
