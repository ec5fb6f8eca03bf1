"""The limits within which a source is tried."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from springhead.kit.play.errors import EvaluationFailed
from springhead.kit.play.evaluator import Evaluator
from springhead.kit.play.snapshot import Snapshot, TriedRequest
from springhead.kit.play.worker import Task, run_tasks
from support.playgrounds import BODY, MAPPING

pytestmark = pytest.mark.slow

FILES = {"source.json": "{}", "schema.json": "{}", "mapping.json": MAPPING}
GOOD = Task("try", Snapshot(FILES, TriedRequest(json.dumps(BODY))))


def doubling(times: int) -> Task:
    """A task whose rows double a text again and again."""
    first = {"value": "x" * 100, "to": "properties.x0"}
    rows = [
        {"template": f"{{$event.properties.x{n}}}{{$event.properties.x{n}}}", "to": f"properties.x{n + 1}"}
        for n in range(times)
    ]
    mapping = {"integration": "A", "events": [{"type": "track", "event": "E"}], "map": [first, *rows]}
    return Task("try", Snapshot({**FILES, "mapping.json": json.dumps(mapping)}, TriedRequest("{}")))


@pytest.fixture
def evaluator() -> Iterator[Evaluator]:
    """An evaluator that is patient, as this machine may be busy."""
    with closing(Evaluator(seconds=100)) as one:
        yield one


def outcome(evaluator: Evaluator, task: Task) -> str:
    """What comes of a task: how many events, or the error."""
    try:
        result = json.loads(evaluator.run(task))
    except EvaluationFailed as error:
        return str(error)
    return str(result.get("error") or result["events"])


def test_a_source_that_takes_too_much_memory_is_ended(evaluator: Evaluator) -> None:
    """And the next one is tried as if nothing had been."""
    assert outcome(evaluator, GOOD) == "1"
    assert "memory" in outcome(evaluator, doubling(40))
    assert outcome(evaluator, GOOD) == "1"


def test_what_takes_too_long_is_ended() -> None:
    """Its process is killed, and another takes its place; a draft is bounded as well."""
    bodies = [BODY] * (900_000 // len(json.dumps(BODY)))  # so many that a busy machine is not late to notice
    long = TriedRequest(json.dumps(bodies))
    draft, trial = Task("draft", Snapshot({}, long, "shop")), Task("try", Snapshot(FILES, long))
    with closing(Evaluator(seconds=0.001)) as hasty:
        for task in (draft, trial, trial):
            assert outcome(hasty, task) == "this takes longer than 0.001 seconds"


@pytest.mark.parametrize(
    "mapping", ["[" * 100_000, '{"events": ' * 10_000, json.dumps({"integration": "x" * 1_000_000}), "\ud83d"]
)
def test_no_text_stops_the_evaluator(evaluator: Evaluator, mapping: str) -> None:
    """It is a problem of the file, as in `springhead check`."""
    text = mapping.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    task = Task("try", Snapshot({**FILES, "mapping.json": text}))

    problems = json.loads(evaluator.run(task))["problems"]

    assert {problem["file"] for problem in problems} == {"mapping.json"}


def test_a_server_that_is_killed_leaves_no_files(tmp_path: Path) -> None:
    """Its process notices, and removes the temporary folder."""
    folder = tmp_path / "springhead-play-1"
    (folder / "a-snapshot").mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=run_tasks, args=(theirs, str(folder)))
    process.start()
    try:
        theirs.close()
        assert ours.recv_bytes() == b"ready"
        ours.close()
        process.join()
    finally:
        process.kill()

    assert list(tmp_path.iterdir()) == []
