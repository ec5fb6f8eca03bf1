"""The fixtures of all bundled sources."""

from __future__ import annotations

import io

import pytest

from springhead import Host
from springhead.core import stream
from springhead.core.array_splitter import ArraySplitter
from springhead.testing import Case, FixtureSuite
from support.paths import FIXTURES

HOST = Host()


class TestBundledSources(FixtureSuite):
    """Every source in `src/sources` is tested with the cases in `tests/fixtures`."""

    sources = sorted(HOST.sources)
    fixtures = FIXTURES

    def test_a_long_file_has_the_outcome_of_the_body(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing depends on where a file is cut into blocks and chunks.

        A list that is cut off is an exception: its whole elements are events before the end is seen.
        """
        monkeypatch.setattr(stream, "BLOCK_SIZE", max(1, len(case.body) - 1))
        monkeypatch.setattr(stream, "CHUNK_SIZE", 2)

        outcomes = list(HOST.stream(case.source, io.BytesIO(case.body), case.request(), case.config))

        received = HOST.receive(case.source, case.request(), case.config)
        if not is_cut_off(case.body):
            assert [event for outcome in outcomes for event in outcome.events] == received.events
            assert [one for outcome in outcomes for one in outcome.rejections] == received.rejections
        assert sum(outcome.dropped for outcome in outcomes) == received.dropped
        assert next((outcome.reply for outcome in outcomes if outcome.reply), None) == received.reply


def is_cut_off(body: bytes) -> bool:
    """Whether a body is a list that does not close."""
    elements = ArraySplitter([body])
    return body.startswith(b"[") and bool(list(elements)) and not elements.closed
