"""How events that were accepted before are recognised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from springhead.gateway.storage.nats.accepted import Accepted
from springhead.gateway.storage.nats.seen import Seen
from springhead.gateway.storage.records import StoreBusy, StoreUnusable


def one(name: str, number: int, at: float = 0.0) -> Accepted:
    """An accepted event."""
    return Accepted(name.encode().ljust(16), number, at)


async def known(seen: Seen, *names: str, now: float = 1.0) -> dict[str, int]:
    """The numbers of those of these events that are known."""
    digests = [one(name, 0).digest for name in names]
    found = (await seen.look_up(digests)).among(digests, now)
    return {digest.decode().strip(): number for digest, number in found.items()}


def use(folder: Path, scenario: Callable[[Seen], Awaitable[None]], created: str = "today") -> None:
    """Run a scenario with the file in this folder, and close it."""

    async def run() -> None:
        seen = Seen(folder / "seen.sqlite", 60.0, created)
        try:
            await scenario(seen)
        finally:
            await seen.close()

    asyncio.run(run())


def test_the_first_of_several_counts(tmp_path: Path) -> None:
    """Whichever was told first, and whether it is in memory or in the file."""

    async def scenario(seen: Seen) -> None:
        seen.remember([one("a", 3), one("b", 1)])
        await seen.load([one("a", 2), one("b", 2), one("c", 5)], "bucket", 7)
        assert await known(seen, "a", "b", "c", "d") == {"a": 2, "b": 1, "c": 5}

    async def reopened(seen: Seen) -> None:
        assert await known(seen, "a", "b", "c", "d") == {"a": 2, "b": 1, "c": 5}
        assert await seen.position("bucket") == 7
        assert await seen.position("other") == 0

    use(tmp_path, scenario)
    use(tmp_path, reopened)


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recent moves to the file, and is known all the while."""
    monkeypatch.setattr("springhead.gateway.storage.nats.seen._RECENT", 100)

    async def scenario(seen: Seen) -> None:
        for number in range(0, 5_000, 50):
            seen.remember([one(f"{each}", each) for each in range(number, number + 50)])
            assert await known(seen, f"{number}") == {f"{number}": number}
            assert seen.in_memory <= 300
        names = [f"{number}" for number in range(5_000)]
        assert len(await known(seen, *names)) == 5_000

    use(tmp_path, scenario)


def test_what_is_forgotten_may_be_accepted_again(tmp_path: Path) -> None:
    """In memory and in the file, unless it was accepted again meanwhile."""

    async def scenario(seen: Seen) -> None:
        await seen.load([one("a", 1), one("b", 2)], "bucket", 1)
        seen.remember([one("c", 3), one("d", 4)])
        await seen.forget([one("a", 1), one("b", 1), one("c", 3), one("d", 3)])
        assert await known(seen, "a", "b", "c", "d") == {"b": 2, "d": 4}

    use(tmp_path, scenario)


def test_only_the_window_counts(tmp_path: Path) -> None:
    """What is older may be accepted again, and is pruned."""

    async def scenario(seen: Seen) -> None:
        await seen.load([one("a", 1, at=0.0), one("b", 2, at=50.0)], "bucket", 1)
        seen.remember([one("c", 3, at=0.0)])
        assert await known(seen, "a", "b", "c", now=59.0) == {"a": 1, "b": 2, "c": 3}
        assert await known(seen, "a", "b", "c", now=61.0) == {"b": 2}
        seen.remember([one("a", 4, at=61.0)])
        assert await known(seen, "a", now=62.0) == {"a": 4}
        await seen.prune(61.0)
        assert await known(seen, "a", "b", now=1.0) == {"a": 4, "b": 2}

    use(tmp_path, scenario)


def test_what_another_stream_accepted_is_unknown(tmp_path: Path) -> None:
    """The file is begun again if the stream of events was."""

    async def remember(seen: Seen) -> None:
        seen.remember([one("a", 1)])

    async def scenario(seen: Seen) -> None:
        assert await known(seen, "a") == {}

    use(tmp_path, remember)
    use(tmp_path, scenario, created="tomorrow")


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    """As a power cut may leave it: it is only a cache."""

    async def scenario(seen: Seen) -> None:
        assert await known(seen, "a") == {}

    (tmp_path / "seen.sqlite").write_bytes(b"damaged" * 1_000)
    use(tmp_path, scenario)


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """With the key that says where it is."""
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnusable, match=r"seen.sqlite cannot be used: .*; check gateway.data"):
        Seen(tmp_path / "file" / "seen.sqlite", 60.0, "today")


def test_a_file_that_turns_out_to_be_damaged_is_made_again_by_the_next_start(tmp_path: Path) -> None:
    """Nothing is accepted until then."""

    async def damage(seen: Seen) -> None:
        await seen.load([one(f"{number}", number) for number in range(10_000)], "bucket", 1)

    async def scenario(seen: Seen) -> None:
        with pytest.raises(StoreBusy):
            await seen.look_up([one(f"{number}", 0).digest for number in range(10_000)])

    async def again(seen: Seen) -> None:
        assert await known(seen, "1") == {}

    use(tmp_path, damage)
    path = tmp_path / "seen.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:65_536] + b"x" * (len(whole) - 65_536))
    use(tmp_path, scenario)
    use(tmp_path, again)


def test_nobody_else_can_read_the_file(tmp_path: Path) -> None:
    """As with the SQLite store."""
    modes: set[int] = set()

    def modes_in(folder: Path) -> set[int]:
        return {path.stat().st_mode & 0o777 for path in folder.iterdir()}

    async def scenario(seen: Seen) -> None:
        await seen.load([one("a", 2)], "bucket", 7)
        modes.update(await asyncio.to_thread(modes_in, tmp_path))

    use(tmp_path, scenario)

    assert modes == {0o600}
