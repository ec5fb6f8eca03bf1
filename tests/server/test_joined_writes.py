"""How the writes of a response become system calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from springhead.server.joined_writes import JoinedWrites

Data = bytes | bytearray | memoryview


class Recorder(asyncio.Transport):
    """A transport that notes what it is told to do; each write is one system call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes | str] = []

    def write(self, data: Data) -> None:
        """Note one write."""
        self.calls.append(bytes(data))

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        """Note one write of everything."""
        self.calls.append(b"".join(list_of_data))

    def close(self) -> None:
        """Note the end."""
        self.calls.append("close")

    def write_eof(self) -> None:
        """Note the end of what is written."""
        self.calls.append("eof")

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return "close" in self.calls


Step = Callable[[JoinedWrites, Recorder], Any]


def calls(*steps: Step) -> list[list[bytes | str]]:
    """What was called after each step, and at last in the turn after them."""

    async def scenario() -> list[list[bytes | str]]:
        transport = Recorder()
        writes, seen = JoinedWrites(transport, asyncio.get_running_loop()), []
        for step in steps:
            step(writes, transport)
            seen.append(transport.calls.copy())
        await asyncio.sleep(0)
        return [*seen, transport.calls]

    return asyncio.run(scenario())


def write(data: bytes) -> Step:
    """A step that writes."""
    return lambda writes, _: writes.write(data)


def test_head_and_body_are_written_together() -> None:
    """As soon as the body is there."""
    assert calls(write(b"head"), write(b"body")) == [[], [b"headbody"], [b"headbody"]]


def test_a_head_without_a_body_is_written_in_the_next_turn() -> None:
    """The body of a stream may come much later."""
    assert calls(write(b"head")) == [[], [b"head"]]


def test_a_long_body_is_written_in_order() -> None:
    """However many parts it has."""
    parts = [b"head", b"1", b"2", b"3", b""]
    assert b"".join(part for part in calls(*map(write, parts))[-1] if isinstance(part, bytes)) == b"head123"


@pytest.mark.parametrize(
    ("step", "after"),
    [
        (lambda writes, _: writes.flush(), [b"head"]),
        (lambda writes, _: writes.close(), [b"head", "close"]),
    ],
    ids=["complete", "closed"],
)
def test_the_end_of_a_response_writes_what_is_held(step: Step, after: list[bytes | str]) -> None:
    """Before the connection is closed, and not again in the next turn."""
    assert calls(write(b"head"), step) == [[], after, after]


def close(_: JoinedWrites, transport: Recorder) -> None:
    """A step in which the connection is lost."""
    transport.close()


@pytest.mark.parametrize("steps", [(write(b"head"), close), (write(b"head"), close, write(b"body"))])
def test_nothing_is_written_to_a_connection_that_is_lost(steps: tuple[Step, ...]) -> None:
    """The event loop would raise an error."""
    assert calls(*steps)[-1] == ["close"]


def test_a_sender_that_is_still_sending_is_not_reset() -> None:
    """The connection is half closed, and what is written later is dropped."""

    def close_early(writes: JoinedWrites, _: Recorder) -> None:
        writes.lingers = True
        writes.close()

    assert calls(write(b"413"), close_early, write(b"more"))[-1] == [b"413", "eof"]


def test_nothing_is_written_behind_the_last_words() -> None:
    """But what was held before them goes first; here, too, the event loop would raise an error."""
    steps = write(b"100"), lambda writes, _: writes.write_last(b"400"), write(b"head"), write(b"body")

    assert calls(*steps)[-1] == [b"100", b"400", "eof"]
