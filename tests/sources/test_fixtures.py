"""Every case of every source: what goes in, and exactly what comes out."""

from __future__ import annotations

import io
from typing import Any

import pytest

from springhead import Host
from springhead.core import stream
from support.cases import Case, cases, reversed_body, written
from support.paths import FIXTURES

HOST = Host()
CASES = [case for name in sorted(HOST.sources) for case in cases(FIXTURES / name)]


def by_name(case: Case) -> str:
    """What `-k` picks a case by."""
    return case.name


def reverse(case: Case) -> bytes | None:
    """The case's batch in reverse; None where it is no batch."""
    return reversed_body(case, HOST.sources[case.folder.parent.name])


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


@pytest.mark.parametrize("case", [case for case in CASES if reverse(case)], ids=by_name)
def test_the_order_of_a_batch_changes_no_event(case: Case) -> None:
    """A batch in reverse gives the same events with the same ids, in reverse."""
    source = case.folder.parent.name

    forward = HOST.receive(source, case.request(), case.config)
    backward = HOST.receive(source, case.request(reverse(case)), case.config)

    assert sorted(map(repr, backward.events)) == sorted(map(repr, forward.events))
    assert len(backward.rejections) == len(forward.rejections)
    assert backward.dropped == forward.dropped


@pytest.mark.parametrize("chunk", ["whole", "streamed"])
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_a_file_gives_what_the_body_gives(case: Case, chunk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`stream` and `receive` are one way, not two, also where the file is longer than what is read at a time.

    But for a list that is cut off: a stream has given its whole elements away before it can know.
    """
    source = case.folder.parent.name
    if chunk == "streamed":
        monkeypatch.setattr(stream, "BLOCK_SIZE", max(1, len(case.body) - 1))
        monkeypatch.setattr(stream, "CHUNK_SIZE", 2)

    outcomes = list(HOST.stream(source, io.BytesIO(case.body), case.request(), case.config))

    received = HOST.receive(source, case.request(), case.config)
    if not (case.folder.name == "rejected-truncated" and chunk == "streamed"):
        assert [event for outcome in outcomes for event in outcome.events] == received.events
        assert [one for outcome in outcomes for one in outcome.rejections] == received.rejections
    assert sum(outcome.dropped for outcome in outcomes) == received.dropped
    assert next((one.reply for one in outcomes if one.reply), None) == received.reply


def test_every_bundled_source_has_cases() -> None:
    """A source without fixtures proves nothing."""
    assert {case.folder.parent.name for case in CASES} == set(HOST.sources)
