"""Files that are streamed: nothing depends on their length."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from springhead import encode
from springhead.core import stream
from springhead.core.array_splitter import ArraySplitter
from springhead.core.stream import BLOCK_SIZE
from springhead.kit.case import Case, find_cases
from support.hosts import HOST
from support.paths import FIXTURES


def items(count: int) -> list[dict[str, Any]]:
    """Make Auth0 items, a few hundred of which are longer than a block."""
    return [{"log_id": str(n), "data": {"type": "s", "description": "x" * 3_000}} for n in range(count)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_long_json_lines_stream(ending: str) -> None:
    """Every event is in its order, and every bad line has its number."""
    lines = [encode(item).decode() for item in items(1_000)]
    lines[700] = "bad"
    body = (ending.join(lines) + ending).encode()
    assert len(body) > 2 * BLOCK_SIZE

    outcomes = list(HOST.stream("auth0", io.BytesIO(body)))

    ids = [event["properties"]["log_id"] for outcome in outcomes for event in outcome.events]
    assert ids == [str(n) for n in range(1_000) if n != 700]
    (rejection,) = [one for outcome in outcomes for one in outcome.rejections]
    assert rejection.line == 701 * len(ending.strip("\r")) - (len(ending.strip("\r")) - 1)
    assert len(outcomes) > 2


@pytest.mark.slow
@pytest.mark.parametrize("indent", [None, 2])
def test_a_long_list_streams(indent: int | None) -> None:
    """Also if it is printed over many lines; a bad element keeps its index."""
    body = json.dumps(items(1_000), indent=indent).encode().replace(b'"700"', b'"700\xff"', 1)
    assert len(body) > 2 * BLOCK_SIZE

    outcomes = list(HOST.stream("auth0", io.BytesIO(b"\xef\xbb\xbf \n" + body + b"\n")))

    ids = [event["properties"]["log_id"] for outcome in outcomes for event in outcome.events]
    assert ids == [str(n) for n in range(1_000) if n != 700]
    (rejection,) = [one for outcome in outcomes for one in outcome.rejections]
    assert (rejection.pointer, rejection.rule) == ("/700", "json/utf-8")
    assert len(outcomes) > 2


@pytest.mark.parametrize(
    ("tail", "reason"), [(b"", "the list is cut off"), (b"] x", "something follows the list")]
)
def test_what_follows_the_last_whole_element_is_one_rejection(tail: bytes, reason: str) -> None:
    """The elements before it are events already."""
    body = json.dumps(items(1_000)).encode()[:-1]
    cut = body if tail else body[:-10]

    outcomes = list(HOST.stream("auth0", io.BytesIO(cut + tail)))

    (rejection,) = [one for outcome in outcomes for one in outcome.rejections]
    assert reason in rejection.reason
    assert sum(len(outcome.events) for outcome in outcomes) == (1_000 if tail else 999)
    assert rejection.record


class Trickle(io.BytesIO):
    """A file that returns a few bytes at a time, as a pipe may."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most 1,000 bytes."""
        return super().read(min(size, 1_000) if size and size > 0 else 1_000)


def test_a_slow_pipe_is_read_to_its_end() -> None:
    """A short read is not the end of a file."""
    body = b"\n".join(map(encode, items(1_000)))

    outcomes = list(HOST.stream("auth0", Trickle(body)))

    assert sum(len(outcome.events) for outcome in outcomes) == 1_000


def test_lines_after_a_first_line_longer_than_a_block_are_read() -> None:
    """The first of several JSON lines may be a long list."""
    lines = [encode(items(500)), *map(encode, items(1_000))]
    assert len(lines[0]) > BLOCK_SIZE

    outcomes = list(HOST.stream("auth0", io.BytesIO(b"\n".join(lines))))

    assert sum(len(outcome.events) for outcome in outcomes) == 1_500
    assert not any(outcome.rejections for outcome in outcomes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [
        b"\n".join,
        lambda logs: b"[" + b",".join(logs) + b"]",
        lambda logs: b'{"logs":[' + b",".join(logs) + b"]}",
        lambda logs: b"[" + b",".join(logs) + b",NaN]",
    ],
    ids=["lines", "list", "batch", "list with a bad element"],
)
def test_a_file_may_hold_any_number_of_items(form: Callable[[list[bytes]], bytes]) -> None:
    """The limit on a body does not apply to a file of an operator's own."""
    for log, count in ((b'{"type":"s"}', 10_500), (encode(items(1)[0]), 10_500)):
        outcomes = HOST.stream("auth0", io.BytesIO(form([log] * count)))

        assert sum(len(outcome.events) for outcome in outcomes) == count


def test_a_long_file_that_is_one_object_is_read_whole() -> None:
    """A list inside an object cannot be streamed."""
    body = json.dumps({"logs": items(1_000)}, indent=1).encode()

    (outcome,) = HOST.stream("auth0", io.BytesIO(body))

    assert len(outcome.events) == 1_000


@pytest.mark.parametrize("case", find_cases(FIXTURES / "auth0", "auth0"), ids=lambda case: case.name)
def test_nothing_depends_on_where_a_file_is_cut(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks and chunks of any size have the outcome of the body.

    A list that is cut off is an exception: its whole elements are events before the end is seen.
    """
    monkeypatch.setattr(stream, "BLOCK_SIZE", max(1, len(case.body) - 1))
    monkeypatch.setattr(stream, "CHUNK_SIZE", 2)
    outcomes = list(HOST.stream("auth0", io.BytesIO(case.body), case.request(), case.config))

    received = HOST.receive("auth0", case.request(), case.config)
    if not is_cut_off(case.body):
        assert [event for outcome in outcomes for event in outcome.events] == received.events
        assert [one for outcome in outcomes for one in outcome.rejections] == received.rejections
    assert sum(outcome.dropped for outcome in outcomes) == received.dropped
    assert next((outcome.reply for outcome in outcomes if outcome.reply), None) == received.reply


def is_cut_off(body: bytes) -> bool:
    """Whether a body is a list that does not close."""
    elements = ArraySplitter([body])
    return body.startswith(b"[") and bool(list(elements)) and not elements.closed
