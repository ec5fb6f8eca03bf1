"""The tests every source must pass, given requests as posted and the outcomes expected of them.

```python
from pathlib import Path

from springhead.testing import FixtureSuite


class TestAcme(FixtureSuite):
    sources = ["acme"]
    fixtures = Path(__file__).parent / "fixtures"
```

A case is a folder, `fixtures/acme/<case>/`. It holds the bytes as posted in request.json, request.jsonl or
request.txt, what came with them in request.meta.json (`headers`, `query`, `method`, `url`, `id`, `received_at`
in epoch seconds, and `config` for the operator's settings), and the outcome in expected.json, which
`pytest --snapshot-update` writes. The suite runs under pytest and takes pytest-snapshot.
"""

# ruff: noqa: S101 - asserts are what tests are made of
from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from .core.array_splitter import split_array
from .core.codec import encode, encode_sorted
from .core.errors import InvalidFixture
from .core.host import Host
from .core.outcome import Outcome
from .core.request import Request
from .core.source import Source
from .core.suggest import suggest

_BODIES = ("request.json", "request.jsonl", "request.txt")
_META = ("headers", "query", "method", "url", "id", "received_at", "config")


class Case(msgspec.Struct, frozen=True):
    """One fixture of a source."""

    source: str
    folder: Path

    @property
    def name(self) -> str:
        """What `pytest -k` finds it by: `source/case`."""
        return f"{self.source}/{self.folder.name}"

    @property
    def body(self) -> bytes:
        """The bytes as posted."""
        paths = [self.folder / name for name in _BODIES if (self.folder / name).is_file()]
        if len(paths) != 1:
            reason = f"has {len(paths)} requests" if paths else "has no request"
            raise InvalidFixture(str(self.folder), reason, f"there must be one of {', '.join(_BODIES)}")
        return paths[0].read_bytes()

    @property
    def meta(self) -> dict[str, Any]:
        """What came with the body, and the operator's config."""
        path = self.folder / "request.meta.json"
        meta: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        for key in meta.keys() - set(_META):
            reason = f"has an unknown key {key!r} in request.meta.json"
            raise InvalidFixture(str(self.folder), reason, suggest(key, list(_META)))
        return meta

    @property
    def config(self) -> dict[str, Any]:
        """The operator's settings."""
        config: dict[str, Any] = self.meta.get("config", {})
        return config

    def request(self, body: bytes | None = None) -> Request:
        """Make the request, or the same with another body."""
        meta = {key: value for key, value in self.meta.items() if key != "config"}
        return Request(body=self.body if body is None else body, **meta)

    def reversed_body(self, source: Source) -> bytes | None:
        """Return the body with its batch in reverse; None if it is not a batch."""
        body = self.body
        if source.framing.body_is_item:
            return None
        if (self.folder / "request.jsonl").is_file():
            return b"\n".join(reversed(body.split(b"\n")))
        if elements := split_array(body.strip(), len(body)):
            return b"[" + b",".join(reversed(elements)) + b"]"
        try:
            value = json.loads(body)
        except ValueError:
            return None
        batch = source.framing.find_batch(value) if isinstance(value, dict) else None
        if batch is None or not isinstance(batch[0], list):
            return None
        batch[0].reverse()  # the list inside the value
        return encode(value)


def find_cases(fixtures: Path, source: str) -> list[Case]:
    """Find the cases of a source, in the order of their names."""
    folder = fixtures / source
    return [Case(source, path) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []


def outcome_text(outcome: Outcome) -> str:
    """Write an outcome as in expected.json."""
    reply = outcome.reply
    value = {
        "events": outcome.events,
        "rejections": [rejection.as_json() for rejection in outcome.rejections],
        "dropped": outcome.dropped,
        "reply": reply and {"body": reply.body.decode(), "content_type": reply.content_type},
        **({} if outcome.refused is None else {"refused": outcome.refused}),
    }
    return json.dumps(json.loads(encode(value)), indent=2, ensure_ascii=False) + "\n"


class FixtureSuite:
    """Inherit from it to test sources, as shown above.

    Attributes:
        sources: the names of the sources.
        fixtures: the folder that holds, for each source, a folder of cases.
        folders: source folders to register that are not installed.
    """

    sources: Sequence[str] = ()
    fixtures: Path
    folders: Sequence[Path] = ()

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each test with every source, or every case."""
        if "case" in metafunc.fixturenames:
            cases = [case for source in self.sources for case in find_cases(self.fixtures, source)]
            metafunc.parametrize("case", cases, ids=[case.name for case in cases])
        elif "source" in metafunc.fixturenames:
            metafunc.parametrize("source", self.sources)

    def test_a_source_has_fixtures(self, source: str) -> None:
        """A source without fixtures proves nothing."""
        if not find_cases(self.fixtures, source):
            folder = self.fixtures / source
            raise InvalidFixture(str(folder), "has no case", "add a folder with a request")

    def test_a_request_has_the_outcome_expected(self, case: Case, snapshot: Any) -> None:
        """The outcome is `expected.json`, to the letter."""
        snapshot.snapshot_dir = case.folder

        outcome = _host(*self.folders).receive(case.source, case.request(), case.config)

        snapshot.assert_match(outcome_text(outcome), "expected.json")

    def test_a_retry_has_the_same_outcome(self, case: Case) -> None:
        """A sender's retry is the same message, byte for byte, also for a host that was started anew."""
        first = _host(*self.folders).receive(case.source, case.request(), case.config)
        retry = Host(folders=self.folders).receive(case.source, case.request(), case.config)

        assert outcome_text(retry) == outcome_text(first)

    def test_the_order_of_a_batch_changes_no_event(self, case: Case) -> None:
        """A batch in reverse has the same events, with the same ids, if its signature is left aside."""
        host = _host(*self.folders)
        body = case.reversed_body(host.sources[case.source])
        if body is None:
            return

        receive = host.receiver(case.source, case.config, verified=True)
        forward, backward = receive(case.request()), receive(case.request(body))

        assert sorted(map(encode_sorted, backward.events)) == sorted(map(encode_sorted, forward.events))
        assert len(backward.rejections) == len(forward.rejections)
        assert backward.dropped == forward.dropped

    def test_a_file_has_the_outcome_of_the_body(self, case: Case) -> None:
        """What `receive` makes of a verified body, `stream` makes of a file."""
        host = _host(*self.folders)
        file = io.BytesIO(case.body)

        outcomes = list(host.stream(case.source, file, case.request(), case.config))

        received = host.receiver(case.source, case.config, verified=True)(case.request())
        assert [event for outcome in outcomes for event in outcome.events] == received.events
        assert [rejection for outcome in outcomes for rejection in outcome.rejections] == received.rejections
        assert sum(outcome.dropped for outcome in outcomes) == received.dropped


@cache
def _host(*folders: Path) -> Host:
    return Host(folders=folders)
