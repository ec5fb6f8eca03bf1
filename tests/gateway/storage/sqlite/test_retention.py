"""What the store deletes by itself, and what it does not, whatever the clock says."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from springhead.gateway.storage.records import Receipt, Removal
from springhead.gateway.storage.sqlite import SqliteStore
from springhead.gateway.storage.sqlite.clock import Clock
from support.stores import FILE, call, claim, entry, keep, letter, letters, opened, rows, use

DAY = 86_400.0
HOUR = 3_600.0


class Clocks:
    """The machine's two clocks, which stand still unless they are told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.steady = time.time(), 1_000.0
        monkeypatch.setattr(time, "time", lambda: self.wall)
        monkeypatch.setattr(time, "monotonic", lambda: self.steady)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Clocks of the test's own."""
    return Clocks(monkeypatch)


async def ids(store: SqliteStore) -> list[int]:
    """The ids of all dead letters."""
    return [each.id for each in await store.dead_letters(limit=1_000_000)]


def test_calls_that_are_always_kept_count_for_their_source(tmp_path: Path) -> None:
    """They go before another source's letters, and as letters do, the oldest first."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(source="quiet")], call(b"x" * 3_000))
        for each in range(50):
            await store.append([entry(f"{each}", source="loud")], [], call(b"%d" % each * 1_000))

        (removal,) = await store.sweep()

        assert (removal.source, removal.kind, removal.reason) == ("loud", "call", "size")
        assert len(await ids(store)) == 1
        assert rows(tmp_path, "SELECT max(id), count(*) FROM call") == [(51, 51 - removal.count)]

    use(tmp_path, scenario, dead_letter_bytes=20_000, keep_calls=True)


def test_what_is_too_old_goes_with_its_call(tmp_path: Path, clocks: Clocks) -> None:
    """A letter is as old as its last time; kept calls outlive it only while they are young."""

    async def scenario(store: SqliteStore) -> None:
        old, again = letter(), letter(record=b"[]")
        await store.append([entry("1")], [old, again], call())
        clocks.run(20 * DAY)
        await store.append([], [again], call())
        clocks.run(11 * DAY)
        assert await store.sweep() == [Removal("auth0", "dead_letter", "age", 1)]
        assert await ids(store) == [2]
        clocks.run(20 * DAY)
        removals = [Removal("auth0", "call", "age", 2), Removal("auth0", "dead_letter", "age", 1)]
        assert await store.sweep() == removals

    use(tmp_path, scenario, keep_calls=True)


def test_a_clock_that_is_ahead_for_a_moment_deletes_nothing(tmp_path: Path, clocks: Clocks) -> None:
    """Neither letters nor what was seen; what it recorded is known once it is right again."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1")], [letter()], call())
        clocks.wall += 40 * DAY
        await store.sweep()
        assert await store.append([entry("1"), entry("2")], [letter(record=b"[]")], call()) == Receipt(
            1, (0,), (2,)
        )
        clocks.run(0.9 * HOUR)
        assert await store.sweep() == []
        clocks.wall -= 40 * DAY
        await store.sweep()
        clocks.run(2 * HOUR)
        assert await store.sweep() == []
        assert await ids(store) == [1, 2]
        assert await keep(store, entry("1"), entry("2")) == Receipt(0, (0, 1), ())

    use(tmp_path, scenario)


@pytest.mark.parametrize("wrong", [100.0, 1_200_000_000.0], ids=["1970", "2008"])
def test_a_clock_that_is_behind_makes_nothing_old(tmp_path: Path, clocks: Clocks, wrong: float) -> None:
    """What was recorded meanwhile has its time once the clock is set; so has what was seen."""

    async def scenario(store: SqliteStore) -> None:
        right = clocks.wall
        clocks.wall = wrong
        await store.append([entry("1")], [letter()], call())
        await store.sweep()
        clocks.wall = right
        await store.sweep()
        clocks.run(2 * HOUR)
        await store.sweep()
        assert await ids(store) == [1]
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    use(tmp_path, scenario)


def test_what_an_unset_clock_recorded_first_is_kept_from_when_it_is_set(tmp_path: Path, clocks: Clocks) -> None:
    """The first start of all at 1970: a letter is kept for its whole time from then on."""
    right, clocks.wall = clocks.wall, 100.0

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter()], call())
        await store.sweep()
        clocks.wall = right
        await store.sweep()
        for _ in range(29):
            clocks.run(DAY)
            assert await store.sweep() == []
        clocks.run(3 * DAY)
        assert await store.sweep() == [Removal("auth0", "dead_letter", "age", 1)]

    use(tmp_path, scenario)


def test_a_jump_that_lasts_is_trusted(tmp_path: Path, clocks: Clocks) -> None:
    """After an hour in which both clocks agreed, age counts by the new time."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1")], [letter()], call())
        clocks.wall += 40 * DAY
        await store.sweep()
        clocks.run(HOUR + 1)
        assert await store.sweep() == [Removal("auth0", "dead_letter", "age", 1)]
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    use(tmp_path, scenario)


@pytest.mark.parametrize("away", [40 * DAY, -40 * DAY, 2 * HOUR])
def test_a_start_at_an_unexpected_time_waits_for_an_hour(tmp_path: Path, clocks: Clocks, away: float) -> None:
    """The file tells the time of its last sweep: a clock far from it may be wrong."""

    async def fill(store: SqliteStore) -> None:
        await store.append([], [letter()], None)
        await store.sweep()

    async def restarted(store: SqliteStore) -> None:
        assert await store.sweep() == []
        clocks.run(0.9 * HOUR)
        assert await store.sweep() == []
        clocks.run(0.2 * HOUR)
        assert await ids(store) == [1]
        assert len(await store.sweep()) == (away == 40 * DAY)

    use(tmp_path, fill)
    clocks.run(60.0)
    clocks.wall += away
    use(tmp_path, restarted)


def test_a_short_stop_does_not_stop_retention(tmp_path: Path, clocks: Clocks) -> None:
    """A gateway that restarts every few minutes still deletes what is old."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter()], None)
        for _ in range(31 * 24):
            clocks.run(HOUR)
            await store.sweep()

    async def restarted(store: SqliteStore) -> None:
        clocks.run(60.0)
        assert await store.sweep() == [Removal("auth0", "dead_letter", "age", 1)]

    use(tmp_path, scenario, dead_letter_age=40 * DAY)
    clocks.run(600.0)
    use(tmp_path, restarted)


def test_a_sweep_in_another_process_is_seen(tmp_path: Path, clocks: Clocks) -> None:
    """A store opened beside a running one takes its time from the file."""

    async def scenario(store: SqliteStore) -> None:
        await store.sweep()
        clocks.run(DAY)
        await store.sweep()
        async with opened(tmp_path) as other:
            await other.append([], [letter()], None)
            clocks.run(31 * DAY)
            assert len(await other.sweep()) == 1

    use(tmp_path, scenario)


def test_leases_hold_after_a_clock_is_set_back(tmp_path: Path, clocks: Clocks) -> None:
    """They are not taken for those of a process that ended before this one started."""

    async def scenario(store: SqliteStore) -> None:
        clocks.run(60.0)
        clocks.wall -= 2 * HOUR
        await keep(store, entry("1"))
        (claimed,) = await claim(store)
        assert await claim(store) == []
        await store.postpone(claimed.seq, refusals=1, seconds=300.0)
        clocks.run(200.0)
        assert await claim(store) == []
        clocks.run(200.0)
        assert len(await claim(store)) == 1

    use(tmp_path, scenario)


def test_a_clock_that_is_slewed_is_followed(clocks: Clocks) -> None:
    """A few seconds at a time, however far it gets."""
    clock = Clock(None)
    for _ in range(100):
        clocks.run(60.0)
        clocks.wall += 5.0
        assert clock.recording() == clock.expiring() == clock.trusted() == pytest.approx(clocks.wall)


def test_a_sweep_forgets_what_is_past_the_window_and_age(tmp_path: Path) -> None:
    """Rows do not pile up: what was seen goes by day, letters and calls by age."""

    async def scenario(store: SqliteStore) -> None:
        old = [letter(record=b"%d" % each) for each in range(1200)]
        await store.append([entry(f"{each}") for each in range(1200)], old, call())
        days = sqlite3.connect(tmp_path / FILE)
        move = "INSERT INTO seen SELECT CAST(at / 86400 AS INTEGER) - 9, digest FROM recent"
        days.execute(move)
        days.execute("UPDATE dead_letter SET at = at - 31 * 86400")
        days.execute("UPDATE call SET at = at - 31 * 86400")
        days.commit()
        days.close()
        await store.append([entry("new")], [letter()], call())

        await store.sweep()

        assert rows(tmp_path, "SELECT count(*) FROM seen") == [(0,)]
        assert rows(tmp_path, "SELECT count(*) FROM seen_day") == [(0,)]
        assert [each.id for each in await store.dead_letters()] == [1201]
        assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]
        assert (await store.counts()).by_source == {"auth0": (1201, 1)}

    use(tmp_path, scenario)


def test_a_sweep_keeps_the_newest_letters_within_their_size(tmp_path: Path) -> None:
    """The oldest letters go first, with the calls that are theirs."""

    async def scenario(store: SqliteStore) -> None:
        for each in range(10):
            await store.append([], [letter(record=b"%d" % each * 1_000)], call(b"x" * 1_000))

        await store.sweep()

        left = await letters(store)
        assert [each.id for each in left] == [8, 9, 10]
        assert all(each.call for each in left)

    use(tmp_path, scenario, dead_letter_bytes=8_000)
