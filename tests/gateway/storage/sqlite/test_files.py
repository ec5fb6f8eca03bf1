"""What a store says when its files are replaced, deleted or damaged."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from springhead.gateway.storage.records import Receipt, StoreFull, StoreUnusable
from springhead.gateway.storage.sqlite import SqliteStore
from springhead.gateway.storage.sqlite.writer import Writer
from support.stores import FILE, call, claim, deliver, entry, fill, keep, letter, names, opened, rows, use

LOG, INDEX = f"{FILE}-wal", f"{FILE}-shm"


def replace(folder: Path) -> None:
    """Put a copy where the store is."""
    shutil.copy(folder / FILE, folder / "copy")
    (folder / "copy").rename(folder / FILE)


def replace_folder(folder: Path) -> None:
    """Put a file where the folder was."""
    folder.rename(folder.with_name("moved"))
    folder.write_text("")


DAMAGED = f"{FILE} (was truncated while it was open: |cannot be used: .*)restore a backup, .*and restart"
"""What is noticed first depends on what SQLite has to read."""

CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "deleted": (lambda folder: (folder / FILE).unlink(), f"{FILE} is gone: put it back, and restart"),
    "replaced": (replace, f"{FILE} was replaced while it was open: put it back, and restart"),
    "emptied": (lambda folder: os.truncate(folder / FILE, 0), DAMAGED),
    "truncated": (lambda folder: os.truncate(folder / FILE, 9_000), DAMAGED),
    "log deleted": (lambda folder: (folder / LOG).unlink(), f"{LOG} is gone: stop the gateway with SIGTERM"),
    "log overwritten": (
        lambda folder: (folder / LOG).write_bytes(b"x" * 99_000),
        f"{LOG} was overwritten while it was open: end the gateway with SIGKILL",
    ),
    "index deleted": (lambda folder: (folder / INDEX).unlink(), f"{INDEX} is gone: stop the gateway"),
    "folder replaced": (replace_folder, f"{FILE} cannot be reached: Not a directory"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_its_files_is_noticed(tmp_path: Path, change: str) -> None:
    """Nothing more is accepted, since it would be lost; every refusal says what happened and what to do."""
    act, reason = CHANGES[change]

    async def scenario() -> None:
        async with opened(tmp_path / "data", max_bytes=200_000_000) as store:
            await keep(store, *(entry(f"{each}", size=5_000) for each in range(1_000)))
            shrink_log(tmp_path / "data")
            act(tmp_path / "data")
            await asyncio.sleep(0.03)  # a check is valid for so long
            for operation in (lambda: keep(store, entry("1")), store.counts, store.sweep):
                with pytest.raises(StoreUnusable, match=reason):
                    await operation()

    asyncio.run(scenario())


def shrink_log(folder: Path) -> None:
    """Move all but one commit from the log into the file."""
    command = (
        f"import sqlite3; sqlite3.connect({str(folder / FILE)!r}).execute('PRAGMA wal_checkpoint(TRUNCATE)')"
    )
    subprocess.run([sys.executable, "-c", command], check=True)


def test_what_a_deleted_log_held_is_kept_by_a_regular_end(tmp_path: Path) -> None:
    """SQLite moves it into the file: it still has the log open."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1"))
        (tmp_path / LOG).unlink()

    async def restarted(store: SqliteStore) -> None:
        assert names(await claim(store)) == ["1"]

    use(tmp_path, scenario)
    use(tmp_path, restarted)


def crashed(folder: Path) -> None:
    """Leave a store as a process does that is killed: three commits are in its log."""
    script = f"""if True:
        import asyncio, os, pathlib, signal
        from springhead.gateway.storage.sqlite import SqliteStore
        from springhead.gateway.storage.records import NewEvent

        async def main():
            store = SqliteStore(pathlib.Path({str(folder)!r}))
            for number in range(3):
                await store.append([NewEvent("auth0", str(number), "ada", b"{{}}")], [], None)
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL


def overwrite_header(log: Path) -> None:
    """Damage the beginning of a log."""
    with log.open("r+b") as file:
        file.write(b"x" * 32)


def overwrite_frames(log: Path) -> None:
    """Damage the middle of a log."""
    with log.open("r+b") as file:
        file.seek(32 + 24 + 100)
        file.write(b"x" * 100)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [overwrite_header, overwrite_frames])
def test_a_log_that_was_damaged_before_a_start_is_logged(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """SQLite leaves out what is behind the damage, and says nothing."""
    crashed(tmp_path)
    damage(tmp_path / LOG)

    async def scenario(store: SqliteStore) -> None:
        assert await keep(store, entry("new")) == Receipt(1, (), ())

    with capture_logs() as logs:
        use(tmp_path, scenario)

    assert [line["event"] for line in logs] == ["the write-ahead log was damaged"]


@pytest.mark.slow
def test_a_kill_is_no_damage(tmp_path: Path) -> None:
    """All commits are recovered, and there is nothing to say."""
    crashed(tmp_path)

    async def scenario(store: SqliteStore) -> None:
        assert names(await claim(store)) == ["0", "1", "2"]

    with capture_logs() as logs:
        use(tmp_path, scenario)
    assert logs == []


@pytest.mark.slow
def test_a_store_that_was_emptied_beside_its_log_is_refused(tmp_path: Path) -> None:
    """SQLite would delete the log, and begin anew."""
    crashed(tmp_path)
    os.truncate(tmp_path / FILE, 0)

    with pytest.raises(
        StoreUnusable, match="is empty, but its log is not: restore a backup, or move both away"
    ):
        SqliteStore(tmp_path)
    assert (tmp_path / LOG).stat().st_size > 0


def test_two_processes_that_deliver_are_noticed(tmp_path: Path) -> None:
    """The second says so, once."""

    async def scenario() -> None:
        async with opened(tmp_path) as one, opened(tmp_path) as two:
            await claim(one)
            assert logs == []
            await claim(two)
            await claim(two)

    with capture_logs() as logs:
        asyncio.run(scenario())
    assert [line["event"] for line in logs] == ["another process delivers from this store"]


def test_a_failure_in_the_thread_that_writes_fails_what_it_concerns(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails, and wherever: the thread goes on."""

    def fail(_: Writer) -> None:
        raise MemoryError

    async def scenario(store: SqliteStore) -> None:
        accepted, _ = await fill(store)
        with monkeypatch.context() as patch:
            patch.setattr(Writer, "_empty_log", fail)
            with pytest.raises(MemoryError):
                await keep(store, entry("refused"))
        with pytest.raises(StoreFull):
            await keep(store, entry("refused"))
        assert await deliver(store) == accepted
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    use(small_disk, scenario, reserve=1_500_000)


def test_a_sweep_deletes_what_it_can(tmp_path: Path) -> None:
    """One kind that cannot be deleted does not save the others; the sweep fails all the same."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter()], call())
        rows(tmp_path, "DROP TABLE seen_day")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.sweep()
        assert await store.dead_letters() == []

    use(tmp_path, scenario, dead_letter_age=0)
