"""What the store promises while all goes well."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import stat
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from springhead.gateway.storage.records import (
    ClaimedEvent,
    DeadEvent,
    LetterGone,
    NewDeadLetter,
    NewEvent,
    Receipt,
    StoredCall,
)
from springhead.gateway.storage.sqlite import SqliteStore, dead_letters, dedup, queue
from springhead.gateway.storage.sqlite.append import Append, append
from springhead.gateway.storage.sqlite.clock import Clock
from springhead.gateway.storage.sqlite.counts import counts as count
from springhead.gateway.storage.sqlite.database import open_writer
from springhead.gateway.storage.sqlite.dedup import Seen
from springhead.gateway.storage.sqlite.files import StoreFiles
from springhead.gateway.storage.store import Store
from support.stores import FILE, call, claim, dead_event, entry, keep, letter, letters, names, opened, rows, use


def test_what_was_appended_is_claimed_whole(tmp_path: Path) -> None:
    """An event comes out with all that went in, by the same store and by the next one."""
    sent = NewEvent("Auth0 production", "m\0é", "auth0|1", b'{"type": "track"}')

    async def append(store: Store) -> None:
        assert await store.append([sent], [], None) == Receipt(1, (), ())

    async def read(store: SqliteStore) -> None:
        (got,) = await claim(store, source="Auth0 production")
        assert NewEvent(got.source, got.message_id, got.user, got.event) == sent
        assert (got.refusals, got.accepted_at) == (0, (await store.counts()).oldest)

    use(tmp_path, append)
    use(tmp_path, read)


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    """What senders sent is nobody else's: the folder is 0700, files are 0600."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
        assert modes == dict.fromkeys((FILE, f"{FILE}-wal", f"{FILE}-shm"), 0o600)

    use(tmp_path / "data", scenario)

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


def test_appends_in_flight_share_commits(tmp_path: Path) -> None:
    """Two hundred senders cost a few fsyncs."""

    async def scenario(store: SqliteStore) -> None:
        receipts = await asyncio.gather(*(keep(store, entry(f"{each}")) for each in range(200)))

        assert receipts == [Receipt(1, (), ())] * 200
        assert store.commits <= 10

    use(tmp_path, scenario)


def test_a_message_id_is_accepted_once(tmp_path: Path) -> None:
    """Duplicates are found within an append, within a group, across appends and across restarts."""

    async def scenario(store: SqliteStore) -> None:
        assert await keep(store, entry("1"), entry("1"), entry("2")) == Receipt(2, (1,), ())
        group = await asyncio.gather(keep(store, entry("3")), keep(store, entry("3")))
        assert sorted(receipt.stored for receipt in group) == [0, 1]
        assert await keep(store, entry("1"), entry("4")) == Receipt(1, (0,), ())
        assert await keep(store, entry("1", source="slack")) == Receipt(1, (), ())
        await store.acknowledge([each.seq for each in await claim(store)])

    async def restarted(store: SqliteStore) -> None:
        assert await keep(store, entry("1"), entry("4")) == Receipt(0, (0, 1), ())
        assert await claim(store) == []

    use(tmp_path, scenario)
    use(tmp_path, restarted)


def test_what_was_accepted_moves_on_and_is_known_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is: in memory, in the small table or in the large one, of this process or of another."""
    monkeypatch.setattr(dedup, "MAX_RECENT", 10)

    async def scenario(one: SqliteStore) -> None:
        async with opened(tmp_path) as other:
            for number in range(50):
                mine, theirs = entry(f"mine {number}"), entry(f"theirs {number}")
                assert await keep(one, mine) == await keep(other, theirs) == Receipt(1, (), ())
                known = [entry(f"{whose} {each}") for each in range(number + 1) for whose in ("mine", "theirs")]
                assert (
                    await keep(one, *known)
                    == await keep(other, *known)
                    == Receipt(0, tuple(range(len(known))), ())
                )

    use(tmp_path, scenario)
    (counts,) = rows(tmp_path, "SELECT (SELECT count(*) FROM recent) < 20, (SELECT count(*) FROM seen) >= 80")
    assert counts == (1, 1)


def test_a_clock_that_begins_at_1970_costs_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window then begins before time does."""
    monkeypatch.setattr(time, "time", lambda: 100.0)

    async def scenario(store: SqliteStore) -> None:
        assert await keep(store, entry("1")) == Receipt(1, (), ())
        assert await keep(store, entry("1"), entry("2")) == Receipt(1, (0,), ())

    use(tmp_path, scenario)


def test_what_was_not_committed_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append that is undone, and the move with it, leaves nothing in memory that would cost an event."""
    monkeypatch.setattr(dedup, "MAX_RECENT", 10)
    broken = NewEvent("auth0", "broken", "ada", "{}")  # type: ignore[arg-type] # no bytes

    async def scenario(store: SqliteStore) -> None:
        for number in range(50):
            kept, lost = entry(f"kept {number}"), entry(f"lost {number}")
            assert await keep(store, kept) == Receipt(1, (), ())
            with pytest.raises(sqlite3.IntegrityError):
                await keep(store, lost, broken)
            assert await keep(store, kept, lost) == Receipt(1, (0,), ())

    use(tmp_path, scenario)


def test_a_message_id_is_accepted_again_after_the_window(tmp_path: Path) -> None:
    """At the end of the window, as long as the id is one of the recent ones."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        await asyncio.sleep(0.35)
        assert await keep(store, entry("1")) == Receipt(1, (), ())
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())

    use(tmp_path, scenario, window=0.3)


def test_one_bad_append_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    """Of appends that wait together, the one that cannot be written is undone alone, and whole."""
    no_bytes = NewEvent("auth0", "text", "ada", "{}")  # type: ignore[arg-type]
    no_text = NewEvent("auth0", "surrogate", "\ud800", b"{}")
    no_rule = NewDeadLetter("auth0", None, "why")  # type: ignore[arg-type]

    async def scenario(store: SqliteStore) -> None:
        receipts = await asyncio.gather(
            keep(store, entry("1")),
            keep(store, entry("2"), no_bytes),
            keep(store, entry("3"), no_text),
            store.append([entry("4")], [no_rule], call()),
            keep(store, entry("5")),
            return_exceptions=True,
        )

        kinds = [type(each) for each in receipts]
        assert kinds == [Receipt, sqlite3.IntegrityError, UnicodeEncodeError, sqlite3.IntegrityError, Receipt]
        assert await keep(store, entry("2"), entry("3"), entry("4")) == Receipt(3, (), ())
        assert names(await claim(store)) == ["1", "5", "2", "3", "4"]

    use(tmp_path, scenario)
    assert rows(tmp_path, "SELECT count(*) FROM call") == [(0,)]


def test_lanes_divide_users(tmp_path: Path) -> None:
    """Every event is in one lane, by its source and user, in the order it was accepted."""
    users = [f"auth0|{number}" for number in range(100)]
    sent = [entry(f"{user}/{number}", user) for number in range(3) for user in users]

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *sent)
        for lane in range(8):
            mine = [each.message_id for each in sent if crc32(f"auth0\0{each.user}".encode()) % 8 == lane]
            assert names(await claim(store, lane, 8)) == mine

    use(tmp_path, scenario)


@pytest.mark.parametrize(("lane", "lanes"), [(0, 3), (0, 0), (0, 128), (2, 2), (-1, 2)])
def test_there_is_no_such_lane(tmp_path: Path, lane: int, lanes: int) -> None:
    """Lanes are a power of two up to 16, counted from 0."""

    async def scenario(store: SqliteStore) -> None:
        with pytest.raises(ValueError, match="1, 2, 4, 8 or 16"):
            await claim(store, lane, lanes)

    use(tmp_path, scenario)


def test_a_claim_has_limits_and_at_least_one_event(tmp_path: Path) -> None:
    """Up to so many events and bytes, and never less than the oldest."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *(entry(f"{number}", f"user {number}", size=100) for number in range(9)))
        assert names(await claim(store, events=2)) == ["0", "1"]
        assert names(await claim(store, size=250)) == ["2", "3"]
        assert names(await claim(store, size=1)) == ["4"]
        assert names(await claim(store, size=400)) == ["5", "6", "7", "8"]

    use(tmp_path, scenario)


def test_no_event_overtakes_an_older_one_of_its_user(tmp_path: Path) -> None:
    """While a user's event is leased the user's later ones stay, and others' go; a user is one of a source."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"), entry("3", "bob"), entry("4", source="slack"))
        (first,) = await claim(store, events=1)
        assert names(await claim(store)) == ["3"]
        assert await claim(store) == []
        assert names(await claim(store, source="slack")) == ["4"]
        await store.acknowledge([first.seq])
        assert names(await claim(store)) == ["2"]

    use(tmp_path, scenario)


def test_what_is_released_comes_first_again(tmp_path: Path) -> None:
    """A released event keeps its place."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"), entry("3"))
        await store.release([each.seq for each in await claim(store, events=2)])
        again = await claim(store)
        assert names(again) == ["1", "2", "3"]

    use(tmp_path, scenario)


def test_a_lease_ends_by_itself(tmp_path: Path) -> None:
    """While who claimed first is there, its leases hold for others, until they end."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        await claim(store, lease=0.2)
        async with opened(tmp_path) as other:
            assert await claim(other) == []
            await asyncio.sleep(0.25)
            assert names(await claim(other)) == ["1"]

    use(tmp_path, scenario)


def test_a_lease_ends_with_the_process_that_claimed(tmp_path: Path) -> None:
    """What it did not finish is claimed again at once, and what came after it in its order."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"))
        await claim(store, events=1)

    async def restarted(store: SqliteStore) -> None:
        assert names(await claim(store)) == ["1", "2"]
        assert await claim(store) == []

    use(tmp_path, scenario)
    use(tmp_path, restarted)


def test_a_claim_is_of_one_source(tmp_path: Path) -> None:
    """What waits of another hides nothing of it."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *(entry(f"{each}", f"{each % 9}", "auth0") for each in range(20)))
        await keep(store, entry("other", source="acme"))
        assert names(await claim(store, source="acme")) == ["other"]
        assert await claim(store, source="nowhere") == []
        assert names(await claim(store)) == [f"{each}" for each in range(20)]

    use(tmp_path, scenario)


def test_settling_twice_is_settling_once(tmp_path: Path) -> None:
    """Delivered events are forgotten, dead ones become one dead letter; a late answer hits nothing new."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"))
        delivered, dead = (each.seq for each in await claim(store))
        for _ in range(2):
            await store.acknowledge(
                [delivered], [DeadEvent(dead, "2", "delivery/400", "the data plane answered 400", "bad event")]
            )
        await keep(store, entry("3"))
        await store.acknowledge([delivered, dead], [DeadEvent(dead, "2", "delivery/400", "too late")])

        (kept,) = await letters(store)
        assert (kept.source, kept.rule, kept.event) == ("auth0", "delivery/400", b"{}")
        assert (kept.reason, kept.answer) == ("the data plane answered 400", "bad event")
        assert names(await claim(store)) == ["3"]
        assert (await store.counts()).by_source == {"auth0": (1, 1)}

    use(tmp_path, scenario)


def test_a_replay_takes_the_place_of_its_letters(tmp_path: Path) -> None:
    """A dead event is stored again although its messageId was seen; one only sent again is a duplicate."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"))
        claimed = await claim(store)
        await store.acknowledge([], [dead_event(each) for each in claimed])
        one, two = await store.dead_letters()
        assert await keep(store, entry("1")) == Receipt(0, (0,), ())
        replayed = await store.append([entry("1"), entry("2")], [letter()], None, replacing={one.id: 1})
        assert (replayed.stored, replayed.duplicates) == (1, (1,))
        assert [each.id for each in await store.dead_letters()] == [two.id, *replayed.dead_letters]
        assert names(await claim(store)) == ["1"]
        with pytest.raises(LetterGone):
            await store.append([entry("1")], [], None, replacing={one.id: 1})

    use(tmp_path, scenario)


def test_a_dead_letter_comes_out_whole_with_its_call(tmp_path: Path) -> None:
    """Record, reason and the call as they were, whatever bytes they are."""
    sent = NewDeadLetter("auth0", "json/syntax", "not JSON", "/1", None, b"\xff\0", False, b'{"a": 1}')

    async def scenario(store: SqliteStore) -> None:
        (id_,) = (await store.append([], [sent], call(b"\xff\0"))).dead_letters
        got = await store.dead_letter(id_)

        assert got is not None
        assert NewDeadLetter(*(getattr(got, name) for name in NewDeadLetter.__struct_fields__)) == sent
        assert got.call == call(b"\xff\0")
        assert await store.dead_letters() == [got.summary]
        assert (got.summary.holds, got.summary.bytes) == ("event", 8)
        assert await store.dead_letter(id_ + 1) is None

    use(tmp_path, scenario)


def test_a_call_is_kept_as_long_as_its_letters(tmp_path: Path) -> None:
    """Letters of a batch share their call, and the last one takes it along; without letters there is none."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1")], [], call())
        assert rows(tmp_path, "SELECT count(*) FROM call") == [(0,)]
        one, two = (await store.append([], [letter(), letter("unmatched")], call())).dead_letters
        assert await store.drop([one, one, 99]) == 1
        assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]
        assert await store.drop([]) == 0
        assert await store.drop([two]) == 1
        assert rows(tmp_path, "SELECT count(*), (SELECT sum(kept_bytes) FROM source) FROM call") == [(0, 0)]

    use(tmp_path, scenario)


def test_every_call_is_kept_where_that_was_asked(tmp_path: Path) -> None:
    """An event that dies then tells the call it came in, and the call outlives it."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1")], [], call())
        (claimed,) = await claim(store)
        await store.acknowledge([], [dead_event(claimed)])
        (dead,) = await letters(store)
        assert dead.call == call()
        await store.drop([dead.id])
        assert rows(tmp_path, "SELECT count(*) FROM call") == [(1,)]

    use(tmp_path, scenario, keep_calls=True)


def test_dead_letters_are_found_by_source_rule_and_age(tmp_path: Path) -> None:
    """Filters hold together, and pages go on after the last id, in either order."""

    async def scenario(store: SqliteStore) -> None:
        for source in ("auth0", "slack"):
            await store.append([], [letter(source=source), letter("unmatched", source)], None)
        await asyncio.sleep(0.2)
        await store.append([], [letter(record=b"[]")], None)

        async def ids(**asked: Any) -> list[int]:
            return [each.id for each in await store.dead_letters(**asked)]

        assert await ids() == [1, 2, 3, 4, 5]
        assert await ids(source="auth0") == [1, 2, 5]
        assert await ids(source="auth0", rule="schema/required", younger_than=0.1) == [5]
        assert await ids(rule="unmatched", older_than=0.1) == [2, 4]
        assert await ids(after=2, limit=2) == [3, 4]
        assert await ids(newest=True) == [5, 4, 3, 2, 1]
        assert await ids(newest=True, after=4, limit=2) == [3, 2]
        assert await ids(newest=True, after=4, source="auth0") == [2, 1]
        assert await ids(source="nobody") == []

    use(tmp_path, scenario)


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


def test_a_caller_that_is_cancelled_costs_nobody(tmp_path: Path) -> None:
    """What it asked for is committed all the same, and the others are answered."""

    async def scenario(store: SqliteStore) -> None:
        tasks = [asyncio.create_task(keep(store, entry(f"{each}", f"{each}"))) for each in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        assert await tasks[2] == Receipt(1, (), ())
        assert names(await claim(store)) == ["0", "1", "2"]

    use(tmp_path, scenario)


def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    """An append that was under way when the store was closed has its receipt."""

    async def scenario() -> None:
        store = SqliteStore(tmp_path, reserve=0)
        appends = [asyncio.create_task(keep(store, entry(f"{each}"))) for each in range(50)]
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        assert await asyncio.gather(*appends) == [Receipt(1, (), ())] * 50

    asyncio.run(scenario())
    assert rows(tmp_path, "SELECT undelivered FROM source") == [(50,)]


def test_a_repr_holds_nothing_a_sender_sent() -> None:
    """Bodies, headers and queries are told by their size."""
    secret = "swordfish"  # noqa: S105 - invented
    values = [
        NewEvent("auth0", "1", "ada", secret.encode()),
        NewDeadLetter("auth0", "rule", "reason", record=secret.encode(), event=secret.encode()),
        StoredCall("POST", "/v1/webhook", {"x": [secret]}, {"writeKey": [secret]}, secret.encode()),
        ClaimedEvent(1, "auth0", "1", "ada", secret.encode(), 0.0, 0),
    ]

    assert secret not in repr(values)
    assert repr(values[0]) == "NewEvent(source='auth0', message_id='1', user='ada', event=<9 bytes>)"


def test_a_claim_and_counts_cost_the_same_whatever_is_kept(tmp_path: Path) -> None:
    """Neither walks over what it does not take: SQLite's own steps are counted."""
    lane = queue.buckets_of(queue.bucket_of("auth0", "ada"), queue.BUCKETS)
    steps = []
    for others in (100, 20_000):
        folder = tmp_path / str(others)
        connection = filled(
            folder, [entry(f"{each}", "bob") for each in range(others)] + [entry("mine")] * others
        )
        counted: list[int] = []
        connection.set_progress_handler(lambda to=counted: to.append(1), 1)  # type: ignore[misc]
        assert len(queue.claim(connection, "auth0", lane, 100, 10_000, 60)) == 1
        counts = count(connection, StoreFiles(folder / FILE))
        assert (counts.undelivered, counts.oldest_by_source) == (others + 1, {"auth0": counts.oldest})
        connection.close()
        steps.append(len(counted))

    assert steps[1] == pytest.approx(steps[0], rel=0.1)


def test_an_event_that_was_refused_alone_waits_and_its_users_later_ones_behind_it(tmp_path: Path) -> None:
    """Others of its source go on. When it is due, it is claimed without those behind it."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *(entry(f"{number}") for number in range(200)), entry("bob's", user="bob"))
        first = (await claim(store, events=1))[0]
        await store.postpone(first.seq, refusals=1, seconds=60)
        assert names(await claim(store)) == ["bob's"]
        await store.release([first.seq])
        (again,) = await claim(store)
        assert (again.message_id, again.refusals) == ("0", 1)
        await store.acknowledge([], [dead_event(again)])
        assert names(await claim(store, events=2)) == ["1", "2"]

    use(tmp_path, scenario)


def test_a_count_of_refusals_is_kept(tmp_path: Path) -> None:
    """A restart neither forgets it nor waits for the lease."""

    async def refused(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"))
        await store.postpone(1, refusals=3, seconds=3600)

    async def restarted(store: SqliteStore) -> None:
        assert [(one.message_id, one.refusals) for one in await claim(store)] == [("1", 3)]

    use(tmp_path, refused)
    use(tmp_path, restarted)


def test_what_stands_behind_an_event_can_be_claimed(tmp_path: Path) -> None:
    """The next one of the same user that was refused less often."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"), entry("2"), entry("bob's", user="bob"), entry("3"))
        (first,) = await claim(store, events=1)
        await store.postpone(first.seq, refusals=8, seconds=60)
        second = await store.claim_behind(first.seq, refusals_below=8, lease=60)
        assert second is not None
        assert second.message_id == "2"
        assert await store.claim_behind(first.seq, refusals_below=8, lease=60) is None
        await store.postpone(second.seq, refusals=8, seconds=0)
        third = await store.claim_behind(first.seq, refusals_below=8, lease=60)
        assert third is not None
        assert third.message_id == "3"
        assert names(await claim(store)) == ["bob's"]

    use(tmp_path, scenario)


def test_a_claim_takes_few_events_that_were_refused(tmp_path: Path) -> None:
    """Each of them is sent alone; the one that has waited longest comes first."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, *(entry(f"{number}", user=f"{number}") for number in range(50)))
        for event in reversed(await claim(store)):
            await store.postpone(event.seq, refusals=1, seconds=0)
        await keep(store, entry("fresh", user="fresh"))
        first, second = await claim(store), await claim(store)
        assert [len(first), len(second)] == [21, 20]
        assert names(first)[-1] == "fresh"
        assert set(names(first)).isdisjoint(names(second))

    use(tmp_path, scenario)


def test_a_list_of_dead_letters_costs_what_it_shows(tmp_path: Path) -> None:
    """By source, rule or neither: it is neither sorted nor read to its end, and no record is loaded."""
    of_auth0, of_a_rule = "letter.source = (SELECT id FROM source WHERE name = ?)", "rule = ?"
    steps = []
    for others in (100, 5_000):
        folder = tmp_path / str(others)
        kept = [letter(record=b"%05d" % each * 2_000) for each in range(20)]
        kept += [letter(record=b"%d" % each) for each in range(others)]
        use(folder, lambda store, kept=kept: store.append([], kept, None))  # type: ignore[misc]
        connection = sqlite3.connect(folder / FILE)
        counted: list[int] = []
        connection.set_progress_handler(lambda to=counted: to.append(1), 1)  # type: ignore[misc]
        for condition, value in ((of_auth0, "auth0"), (of_a_rule, kept[0].rule), ("letter.id > ?", 0)):
            found = dead_letters.summaries(
                connection, {condition: value, "letter.id < ?": 99_999}, newest=False, limit=20
            )
            assert [each.bytes for each in found] == [10_000] * 20
        connection.close()
        steps.append(len(counted))

    assert steps[1] == pytest.approx(steps[0], rel=0.1)


def test_a_claim_gives_up_where_too_much_is_leased(tmp_path: Path) -> None:
    """A long backlog behind a user's leased event is not walked to its end at every claim."""
    everything = queue.buckets_of(0, 1)
    connection = filled(tmp_path, [entry(f"{each}") for each in range(11_000)] + [entry("last", "bob")])

    (first,) = queue.claim(connection, "auth0", everything, 1, 10_000, 60)
    assert queue.claim(connection, "auth0", everything, 1, 10_000, 60) == []
    queue.release(connection, [first.seq])
    assert len(queue.claim(connection, "auth0", everything, 1, 10_000, 60)) == 1
    connection.close()


def filled(folder: Path, entries: list[NewEvent]) -> sqlite3.Connection:
    """The connection that writes, of a store with these events."""
    connection = open_writer(folder, 1, create=True)
    connection.execute("BEGIN")
    append(connection, [Append(entries, [], None, {})], Seen(60), Clock(None), keep_calls=False)
    connection.execute("COMMIT")
    return connection


class Model:
    """Random acts on a store, and what must be true after them."""

    def __init__(self, store: SqliteStore, chance: random.Random) -> None:
        self.store = store
        self.chance = chance
        self.accepted: dict[str, list[str]] = defaultdict(list)
        self.ended: dict[str, list[str]] = defaultdict(list)
        self.held: list[list[ClaimedEvent]] = []

    async def append(self) -> None:
        """Four events, two of them twice."""
        number = self.chance.random()
        sent = [entry(f"{number}/{each}", self.chance.choice("abcdef")) for each in range(4)]
        for each in sent:
            self.accepted[each.user].append(each.message_id)
        assert await keep(self.store, *sent, *sent[:2]) == Receipt(4, (4, 5), ())

    async def claim(self) -> None:
        """A few events of some lane."""
        lane = self.chance.randrange(4)
        self.held.append(await claim(self.store, lane, 4, events=self.chance.randrange(1, 9)))

    async def release(self) -> None:
        """One of the claims."""
        if self.held:
            await self.store.release([each.seq for each in self._taken()])

    async def settle(self) -> None:
        """One of the claims, the rest of it as dead letters."""
        taken = self._taken() if self.held else []
        for each in taken:
            self.ended[each.user].append(each.message_id)
        delivered = self.chance.randrange(len(taken) + 1)
        dead = [dead_event(each) for each in taken[delivered:]]
        await self.store.acknowledge([each.seq for each in taken[:delivered]], dead)

    async def drop(self) -> None:
        """The oldest dead letter."""
        await self.store.drop([each.id for each in await self.store.dead_letters(limit=1)])

    def _taken(self) -> list[ClaimedEvent]:
        return self.held.pop(self.chance.randrange(len(self.held)))


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_repeated_or_reordered(tmp_path: Path, seed: int) -> None:
    """Whatever is claimed, released, settled and dropped in whatever order, rows and counters agree."""
    chance = random.Random(seed)  # noqa: S311 - no secret

    async def scenario(store: SqliteStore) -> None:
        model = Model(store, chance)
        acts = [model.append, model.append, model.claim, model.release, model.settle, model.settle, model.drop]
        for act in chance.choices(acts, k=150):
            await act()

        for user, message_ids in model.ended.items():
            assert message_ids == model.accepted[user][: len(message_ids)]
        undelivered = sum(map(len, model.accepted.values())) - sum(map(len, model.ended.values()))
        counts = await store.counts()
        assert rows(tmp_path, "SELECT count(*) FROM event JOIN body USING (seq)") == [(undelivered,)]
        assert rows(tmp_path, "SELECT count(*) FROM body") == [(undelivered,)]
        assert rows(tmp_path, "SELECT count(*) FROM dead_letter") == [(counts.dead_letters,)]
        assert counts.undelivered == undelivered

    use(tmp_path, scenario)


def test_two_stores_of_one_process_share_a_file(tmp_path: Path) -> None:
    """Either sees what the other wrote."""

    async def scenario() -> None:
        async with opened(tmp_path) as one, opened(tmp_path) as two:
            await asyncio.gather(*(keep(store, entry(f"{id(store)}")) for store in (one, two)))
            assert (await one.counts()).undelivered == 2
            assert len(await claim(two)) == 2
            assert await claim(one) == []

    asyncio.run(scenario())
