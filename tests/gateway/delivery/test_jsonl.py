"""Files as destinations, through everything that is done to them meanwhile."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway.delivery.destination import Accepted, Unreachable
from springhead.gateway.delivery.jsonl import JsonLines, Stdout
from support.deliveries import deliver, events, first, ids, in_order


def appended(path: Path, batches: Iterable[Sequence[bytes]], **given: int) -> JsonLines:
    """Send batches to a file, one after another."""
    lines = JsonLines(path, **{"rotate_bytes": 10**9, **given})

    async def scenario() -> None:
        for batch in batches:
            assert await lines.send("Acme", batch) == Accepted()
        await lines.close()

    asyncio.run(scenario())
    return lines


def test_a_file_gets_one_event_a_line(tmp_path: Path) -> None:
    """Through delivery as through any destination, and nobody else may read it."""
    path = tmp_path / "deep" / "delivered.jsonl"

    deliver(tmp_path, events(100), first(), to=JsonLines(path, rotate_bytes=10**9), batch_events=10)

    written = [json.loads(line)["messageId"] for line in path.read_text().splitlines()]
    assert sorted(written) == ids(100)
    assert in_order(written)
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_worker_that_writes_is_waited_for(tmp_path: Path) -> None:
    """What it has not written to the end looks like a line that a crash cut off, and must not be removed."""
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'{"a":1')

    async def scenario() -> None:
        with path.open("ab") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            sending = asyncio.create_task(JsonLines(path, rotate_bytes=10**9).send("Acme", [b'{"b":2}']))
            await asyncio.sleep(0.1)  # it would have opened the file by then
            other.write(b"}\n")
            other.flush()
            fcntl.flock(other, fcntl.LOCK_UN)
            assert await sending == Accepted()

    asyncio.run(scenario())
    assert path.read_bytes() == b'{"a":1}\n{"b":2}\n'


def test_a_full_file_is_put_aside(tmp_path: Path) -> None:
    """No file is longer than the limit, numbers go on, and all are kept unless told otherwise."""
    path = tmp_path / "out.jsonl"
    batches = [[b'{"n":%d}' % n] for n in range(10)]

    appended(path, batches[:5], rotate_bytes=20)
    appended(path, batches[5:], rotate_bytes=20)

    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["out.jsonl", *(f"out.jsonl.{n:06}" for n in range(1, 5))]
    whole = b"".join(tmp_path.joinpath(name).read_bytes() for name in [*names[1:], names[0]])
    assert whole == b"".join(b'{"n":%d}\n' % n for n in range(10))


def test_only_so_many_files_are_kept_as_asked(tmp_path: Path) -> None:
    """The oldest go first."""
    path = tmp_path / "out.jsonl"

    appended(path, [[b'{"n":%d}' % n] for n in range(10)], rotate_bytes=5, rotate_keep=2)

    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "out.jsonl",
        "out.jsonl.000008",
        "out.jsonl.000009",
    ]


@pytest.mark.parametrize(
    ("left", "mended"),
    [
        (b'{"n":1}\n{"n":2', b'{"n":1}\n'),
        (b'{"n":2', b""),
        (b'{"n":1}\n' + b'{"n": "' + b"x" * 200_000, b'{"n":1}\n'),
        (b'{"n":1}', b'{"n":1}\n'),
        (b"", b""),
    ],
)
def test_a_line_cut_off_by_a_crash_is_taken_away(tmp_path: Path, left: bytes, mended: bytes) -> None:
    """Its event was never settled and comes again; a line that only lacks its end gets it."""
    path = tmp_path / "out.jsonl"
    path.write_bytes(left)

    appended(path, [[b'{"n":3}']])

    assert path.read_bytes() == mended + b'{"n":3}\n'


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """The answer says what the system said, and names no path."""
    path = tmp_path / "out.jsonl"
    path.mkdir()

    answer = asyncio.run(JsonLines(path, rotate_bytes=100).send("Acme", [b"{}"]))

    assert answer == Unreachable("Is a directory")


@pytest.mark.parametrize("emptied", [False, True])
def test_half_a_batch_on_a_full_disk_is_taken_back(tmp_path: Path, *, emptied: bool) -> None:
    """What was not wholly written is written again, once, even after somebody emptied the file."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    path = tmp_path / "out.jsonl"
    lines = JsonLines(path, rotate_bytes=10**9)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def scenario() -> list[Any]:
        answers: list[Any] = [await lines.send("Acme", [b'{"n":1}'])]
        if emptied:
            os.truncate(path, 0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 if emptied else 12, limits[1]))
        try:
            answers.append(await lines.send("Acme", [b'{"n":2}']))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        answers.append(await lines.send("Acme", [b'{"n":2}']))
        await lines.close()
        return answers

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        answers = asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGXFSZ, before)

    assert answers == [Accepted(), Unreachable("File too large"), Accepted()]
    assert path.read_bytes() == (b"" if emptied else b'{"n":1}\n') + b'{"n":2}\n'


def sent_around(path: Path, between: Callable[[], object], **given: int) -> None:
    """Send an event to a file, let something be done to it, and send two more through the same destination."""
    lines = JsonLines(path, **{"rotate_bytes": 10**9, **given})

    async def scenario() -> None:
        assert await lines.send("Acme", [b'{"n":1}']) == Accepted()
        between()
        assert await lines.send("Acme", [b'{"n":2}']) == Accepted()
        assert await lines.send("Acme", [b'{"n":3}']) == Accepted()
        await lines.close()

    asyncio.run(scenario())


def test_a_file_that_is_deleted_or_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """As by `rm`, by logrotate, or with its folder: nothing goes where nobody can read it."""
    path = tmp_path / "deep" / "out.jsonl"

    for gone in (
        path.unlink,
        lambda: path.rename(tmp_path / "old"),
        lambda: path.parent.rename(tmp_path / "d"),
    ):
        sent_around(path, gone)
        assert path.read_bytes() == b'{"n":2}\n{"n":3}\n'
        path.unlink()

    assert (tmp_path / "old").read_bytes() == b'{"n":1}\n'


def test_a_file_that_is_replaced_is_appended_to(tmp_path: Path) -> None:
    """What stands in the new one stays."""
    path = tmp_path / "out.jsonl"

    def replace() -> None:
        path.with_name("new").write_bytes(b'{"n":0}\n')
        path.with_name("new").rename(path)

    sent_around(path, replace)

    assert path.read_bytes() == b'{"n":0}\n{"n":2}\n{"n":3}\n'


@pytest.mark.parametrize("gone", [Path.unlink, lambda path: path.rename(path.with_name("old")), os.truncate])
def test_a_batch_whose_file_goes_while_it_is_written_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: Callable[..., object]
) -> None:
    """It counts as delivered only once it is on the disk where the path is."""
    path, fsync, synced = tmp_path / "out.jsonl", os.fsync, list[int]()

    def late(fd: int) -> None:
        fsync(fd)
        synced.append(fd)
        if len(synced) == 2:  # the folder's, then the batch's
            gone(path, 0) if gone is os.truncate else gone(path)

    monkeypatch.setattr(os, "fsync", late)
    appended(path, [[b'{"n":1}']])

    assert path.read_bytes() == b'{"n":1}\n'


def test_a_file_counts_as_long_as_it_is(tmp_path: Path) -> None:
    """Whatever others append to it or take away, it is put aside in time."""
    path = tmp_path / "out.jsonl"

    def emptied() -> None:
        os.truncate(path, 0)

    def grown() -> None:
        with path.open("ab") as file:
            file.write(b'{"n":0}\n')

    sent_around(path, emptied, rotate_bytes=16)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.jsonl"]
    path.unlink()

    sent_around(path, grown, rotate_bytes=16)
    assert path.with_name("out.jsonl.000001").read_bytes() == b'{"n":1}\n{"n":0}\n'
    assert path.read_bytes() == b'{"n":2}\n{"n":3}\n'


def test_stdout_gets_one_event_a_line() -> None:
    """And is left open."""
    stream = io.BytesIO()

    answer = asyncio.run(Stdout(stream).send("Acme", [b'{"n":1}', b'{"n":2}']))

    assert answer == Accepted()
    assert stream.getvalue() == b'{"n":1}\n{"n":2}\n'


def test_a_closed_pipe_is_tried_again() -> None:
    """Nothing is lost because nobody reads just now."""
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "wb", buffering=0) as stream:
        answer = asyncio.run(Stdout(stream).send("Acme", [b"{}"]))

    assert answer == Unreachable("BrokenPipeError")
