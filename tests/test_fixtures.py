"""Every case of every source: what goes in, and exactly what comes out."""

from __future__ import annotations

import io
from typing import Any

import pytest

from cases import FIXTURES, Case, cases, reversed_body, written
from springhead import Host

HOST = Host()
CASES = [case for name in sorted(HOST.sources) for case in cases(FIXTURES / name)]


def by_name(case: Case) -> str:
    """What `-k` picks a case by."""
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_a_request_gives_the_outcome_expected_of_it(case: Case, snapshot: Any) -> None:
    """The outcome is `expected.json`, to the letter; `--snapshot-update` rewrites it."""
    snapshot.snapshot_dir = case.folder

    outcome = HOST.receive(case.folder.parent.name, case.request(), case.config)

    snapshot.assert_match(written(outcome), "expected.json")


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_a_request_sent_again_gives_the_same_bytes(case: Case) -> None:
    """A sender's retry is the same message: a host started anew gives the same outcome, byte for byte."""
    source = case.folder.parent.name

    first = HOST.receive(source, case.request(), case.config)
    again = Host().receive(source, case.request(), case.config)

    assert written(again) == written(first)


@pytest.mark.parametrize("case", [case for case in CASES if reversed_body(case)], ids=by_name)
def test_the_order_of_a_batch_changes_no_event(case: Case) -> None:
    """A batch in reverse gives the same events with the same ids, in reverse."""
    source = case.folder.parent.name

    forward = HOST.receive(source, case.request(), case.config)
    backward = HOST.receive(source, case.request(reversed_body(case)), case.config)

    assert sorted(map(repr, backward.events)) == sorted(map(repr, forward.events))
    assert len(backward.rejections) == len(forward.rejections)
    assert backward.dropped == forward.dropped


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_a_streamed_file_gives_what_the_body_gives(case: Case) -> None:
    """`stream` and `receive` are one way, not two."""
    source = case.folder.parent.name

    streamed = list(HOST.stream(source, io.BytesIO(case.body), case.request(), case.config))

    received = HOST.receive(source, case.request(), case.config)
    assert [event for outcome in streamed for event in outcome.events] == received.events
    assert [one for outcome in streamed for one in outcome.rejections] == received.rejections


def test_every_bundled_source_has_cases() -> None:
    """A source without fixtures proves nothing."""
    assert {case.folder.parent.name for case in CASES} == set(HOST.sources)
