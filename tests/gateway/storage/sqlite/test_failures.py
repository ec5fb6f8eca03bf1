"""What the store promises when the disk, the process or another process does not play along."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from springhead import SpringheadError
from springhead.gateway.storage.records import Receipt, StoreBusy, StoreFull, StoreUnusable
from springhead.gateway.storage.sqlite import SqliteStore
from support.stores import FILE, call, claim, entry, fill, keep, letter, names, opened, rows, use

APPENDS = """
import asyncio, pathlib, sys
from springhead.gateway.storage.sqlite import SqliteStore
from springhead.gateway.storage.records import NewEvent

async def send(store, sender):
    for number in range(1_000_000):
        message_id = f"{sys.argv[2]}/{sender}/{number}"
        await store.append([NewEvent("auth0", message_id, "ada", b"{}")], [], None)
        print(message_id, flush=True)

async def main():
    store = SqliteStore(pathlib.Path(sys.argv[1]), reserve=0)
    await asyncio.gather(*(send(store, sender) for sender in range(4)))

asyncio.run(main())
"""

DROPS = """
import asyncio, pathlib, sys
from springhead.gateway.storage.sqlite import SqliteStore

async def main():
    store = SqliteStore(pathlib.Path(sys.argv[1]), create=False)
    letters = await store.dead_letters()
    print(await store.drop([each.id for each in letters]), (await store.counts()).dead_letters)
    await store.close()

asyncio.run(main())
"""


@pytest.mark.slow
def test_every_receipt_outlives_a_kill(tmp_path: Path) -> None:
    """Of a process killed at any moment, what it was told is stored is there, and the file is sound."""
    told: list[str] = []
    for round_ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", APPENDS, str(tmp_path), str(round_)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            told.append(process.stdout.readline().strip())
            time.sleep(random.uniform(0.01, 0.3))  # noqa: S311 - any moment
            process.send_signal(signal.SIGKILL)
            told += [line.strip() for line in process.stdout if line.endswith("\n")]

    async def scenario(store: SqliteStore) -> None:
        kept = names(await claim(store, events=1_000_000, size=10**9))
        assert set(told) <= set(kept)
        assert len(set(kept)) == len(kept)

    use(tmp_path, scenario)
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_a_full_disk_refuses_what_was_not_written(small_disk: Path) -> None:
    """Every receipt holds, every refusal left nothing, and with room the store goes on."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 2_000_000)

    async def scenario(store: SqliteStore) -> None:
        accepted, refused = await fill(store)
        ballast.unlink()
        assert await keep(store, *(entry(each) for each in refused)) == Receipt(len(refused), (), ())
        assert names(await claim(store, events=10_000, size=10**9)) == accepted + refused

    use(small_disk, scenario)
    assert rows(small_disk, "PRAGMA integrity_check") == [("ok",)]


def test_an_append_that_is_too_large_for_the_disk_fails_alone(small_disk: Path) -> None:
    """Those that waited with it are written."""

    async def scenario(store: SqliteStore) -> None:
        one, large, two = await asyncio.gather(
            keep(store, entry("1")),
            keep(store, entry("large", size=5_000_000)),
            keep(store, entry("2")),
            return_exceptions=True,
        )
        assert (one, two) == (Receipt(1, (), ()), Receipt(1, (), ()))
        assert isinstance(large, StoreFull)
        assert str(large).endswith("free space on its disk")
        assert names(await claim(store)) == ["1", "2"]

    use(small_disk, scenario)


def test_the_reserve_lets_deliveries_go_on(small_disk: Path) -> None:
    """Appends stop before the disk is full, so that what was accepted can still be claimed and settled."""

    async def scenario(store: SqliteStore) -> None:
        accepted, _ = await fill(store)
        while claimed := await claim(store):
            assert names(claimed) == accepted[: len(claimed)]
            del accepted[: len(claimed)]
            await store.acknowledge([each.seq for each in claimed])
        assert accepted == []

    use(small_disk, scenario, reserve=1_500_000)


def test_a_file_that_may_not_grow_refuses(tmp_path: Path) -> None:
    """An error of the system's while writing is a refusal, and the store goes on after it."""
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, unlimited[1]))
        try:
            accepted, refused = await fill(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        assert (await keep(store, *(entry(each) for each in refused))).duplicates == ()
        assert names(await claim(store, events=10_000, size=10**9)) == ["1", *accepted, *refused]

    use(tmp_path, scenario)


def test_a_store_keeps_to_its_own_limit(tmp_path: Path) -> None:
    """At `max_bytes` appends are refused by name; deliveries go on, and make room for more."""

    async def scenario(store: SqliteStore) -> None:
        accepted, _ = await fill(store)
        assert 50 < len(accepted) < 250
        with pytest.raises(StoreFull, match="has reached its limit of 1500000 bytes: it holds"):
            await keep(store, entry("more"))
        await store.acknowledge([each.seq for each in await claim(store, events=10_000, size=10**9)])
        assert await keep(store, entry("more")) == Receipt(1, (), ())

    use(tmp_path, scenario, max_bytes=1_500_000)


def test_a_lock_held_too_long_refuses(tmp_path: Path) -> None:
    """While another process writes for longer than the timeout, callers are refused; then all goes on."""

    async def scenario(store: SqliteStore) -> None:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        appends = [keep(store, entry("1")), keep(store, entry("2"))]
        for refused in await asyncio.gather(*appends, return_exceptions=True):
            assert isinstance(refused, StoreBusy)
            assert "is locked by another process: database is locked; try again" in str(refused)
        assert (await store.counts()).undelivered == 0
        with pytest.raises(StoreBusy):
            await claim(store)
        other.execute("COMMIT")
        other.close()
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    use(tmp_path, scenario, busy_timeout=0.1)


def test_a_lock_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """Within the timeout nobody notices."""

    async def scenario(store: SqliteStore) -> None:
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        append = asyncio.create_task(keep(store, entry("1")))
        await asyncio.sleep(0.2)
        other.execute("COMMIT")
        other.close()
        assert await append == Receipt(1, (), ())

    use(tmp_path, scenario)


def test_a_long_reader_holds_up_nothing(tmp_path: Path) -> None:
    """Another process may read the file for as long as it likes, and reads what was there when it began."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("0"))
        reader = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
        for number in range(20):
            await keep(store, entry(f"large {number}", size=1_000_000))
        await store.acknowledge([each.seq for each in await claim(store)])
        assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
        reader.close()

    use(tmp_path, scenario, busy_timeout=0.1)


@pytest.mark.slow
def test_another_process_may_write_meanwhile(tmp_path: Path) -> None:
    """The command line drops dead letters while the server accepts without a pause."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(record=b"%d" % each) for each in range(7)], call())
        done = asyncio.Event()
        count = 0

        async def send(sender: int) -> None:
            nonlocal count
            while not done.is_set():
                await keep(store, entry(f"{sender}/{count}"))
                count += 1

        senders = [asyncio.create_task(send(sender)) for sender in range(8)]
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DROPS, str(tmp_path), stdout=subprocess.PIPE
        )
        assert (await command.communicate())[0] == b"7 0\n"
        done.set()
        await asyncio.gather(*senders)
        counts = await store.counts()
        assert (counts.undelivered, counts.dead_letters) == (count, 0)

    use(tmp_path, scenario)


@pytest.mark.slow
def test_processes_that_start_together_make_one_store(tmp_path: Path) -> None:
    """Whoever comes second finds the tables made, or makes them."""
    command = [sys.executable, "-c", DROPS.replace(", create=False", ""), str(tmp_path / "data")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]

    assert [process.communicate()[0] for process in processes] == [b"0 0\n"] * 4


def refused(folder: Path, **settings: bool) -> str:
    """What opening the store says."""
    with pytest.raises(StoreUnusable) as error:
        SqliteStore(folder, **settings)
    assert isinstance(error.value, SpringheadError)
    return str(error.value)


@pytest.mark.parametrize("layout", [2, 7])
def test_a_store_of_another_layout_is_refused(tmp_path: Path, layout: int) -> None:
    """With both layouts and what to do; the file is left as it is."""
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute(f"PRAGMA user_version = {layout}")
    connection.close()

    assert refused(tmp_path) == (
        f"{tmp_path / FILE} has layout {layout}, but this version of springhead needs layout 4: "
        "deliver its events with the version that wrote it, or move it away to start a new one"
    )
    assert rows(tmp_path, "SELECT count(*) FROM sqlite_schema") == [(0,)]


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """Bytes that are no database are named, and not touched."""
    (tmp_path / FILE).write_bytes(b"not a database" * 1_000)

    assert "cannot be used: file is not a database; check" in refused(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"not a database" * 1_000


def test_a_damaged_store_says_so_to_each_caller(tmp_path: Path) -> None:
    """A page that was overwritten is an error of springhead's, in writing and in reading."""

    async def fill_it(store: SqliteStore) -> None:
        rejected = [letter(record=b"%d" % each * 500) for each in range(500)]
        await store.append([entry(f"{each}", size=1_000) for each in range(100)], rejected, call())

    async def scenario(store: SqliteStore) -> None:
        with pytest.raises(StoreUnusable, match="malformed"):
            await claim(store)
        with pytest.raises(StoreUnusable, match="malformed"):
            await store.dead_letters()

    use(tmp_path, fill_it)
    with (tmp_path / FILE).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(30 * 8192)  # behind the first page of each table
        file.write(os.urandom(size - 30 * 8192))
    use(tmp_path, scenario)


def test_a_path_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A file where the folder should be, a folder where the file should be, and no store at all."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / FILE).mkdir(parents=True)

    assert "cannot be created: Not a directory" in refused(tmp_path / "file" / "data")
    assert "cannot be used: unable to open database file" in refused(tmp_path / "folder")
    assert refused(tmp_path / "none", create=False).startswith(
        f"there is no store in {tmp_path / 'none'}: start the gateway"
    )
    assert not (tmp_path / "none").exists()


def test_a_closed_store_refuses(tmp_path: Path) -> None:
    """What comes after `close` is told so, and waits for nobody."""

    async def scenario() -> None:
        async with opened(tmp_path) as store:
            pass
        with pytest.raises(StoreBusy, match="is being closed"):
            await keep(store, entry("1"))

    asyncio.run(scenario())


def test_a_probe_writes_and_leaves_nothing(tmp_path: Path) -> None:
    """Its commit reaches the disk, no row remains, and ids go on as if it had not been."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        log = tmp_path / f"{FILE}-wal"
        before = log.stat().st_size, await store.counts()

        await store.probe(["auth0"])

        assert log.stat().st_size > before[0]
        assert (await store.counts()).by_source == before[1].by_source
        await keep(store, entry("2"), entry("1"))
        assert [one.seq for one in await claim(store)] == [1, 2]

    use(tmp_path, scenario)
    assert rows(tmp_path, "SELECT name FROM source") == [("auth0",)]


def test_a_probe_finds_what_keeps_an_event_from_being_stored(tmp_path: Path) -> None:
    """An error of the tables, not only of the disk; afterwards the store is as it was."""

    async def scenario(store: SqliteStore) -> None:
        trigger = "CREATE TRIGGER broken BEFORE INSERT ON recent BEGIN SELECT RAISE(ABORT, 'no'); END"
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute(trigger)
            with pytest.raises(sqlite3.IntegrityError):
                await store.probe(["auth0"])
            other.execute("DROP TRIGGER broken")

        await store.probe(["auth0"])

        assert (await keep(store, entry("1"))).stored == 1

    use(tmp_path, scenario)
