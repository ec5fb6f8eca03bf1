"""`check_gateway` finds what would keep a gateway from its work, with real files, sockets and data planes."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from springhead import Host
from springhead.gateway.check import CheckResult, check_gateway
from springhead.gateway.check.disk import RESERVE
from springhead.gateway.storage.sqlite import SqliteStore
from support.dataplanes import OK, data_plane_in_thread, knowing
from support.folders import source_folder
from support.gateways import KEY, SOURCE, write_settings
from support.gateways import gateway as running_gateway
from support.hosts import HOST
from support.servers import free_port
from support.stores import entry, use

TWO = (
    {**SOURCE, "name": "shop", "destination_write_key": "known-to-the-data-plane"},
    {**SOURCE, "name": "blog", "write_key": ["another-write-key-of-a-sender"]},
)


def checked(folder: Path, *sources: Mapping[str, Any], **sections: Mapping[str, Any]) -> list[CheckResult]:
    """The results for a gateway with these sources and sections of settings, on free ports."""
    addresses = {"port": free_port(), "admin": f"127.0.0.1:{free_port()}", **sections.get("gateway", {})}
    config = write_settings(folder, *(sources or (SOURCE,)), **{**sections, "gateway": addresses})
    return list(check_gateway(config, host))


def host(folders: Sequence[Path]) -> Host:
    """The host with these folders; without any, the one that the tests share."""
    return Host(folders=folders) if folders else HOST


def of(results: list[CheckResult], check: str) -> list[CheckResult]:
    """The results of one kind."""
    return [result for result in results if result.check == check]


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a folder, with the time of its last change and its content."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_a_gateway_that_can_start_has_no_problem(tmp_path: Path) -> None:
    """Each part is reported, and no file is made."""
    data = tmp_path / "springhead-data"
    data.mkdir()

    results = checked(tmp_path)

    assert {result.status for result in results} == {"ok"}
    kinds = ["settings", "source", "server", "server", "store", "disk", "clock", "destination"]
    assert [result.check for result in results] == kinds
    assert {path.name for path in tmp_path.rglob("*")} == {"springhead.toml", "springhead-data"}


def test_all_problems_of_the_settings_are_reported_with_their_line(tmp_path: Path) -> None:
    """Nothing else can be checked then, and no value is shown."""
    results = checked(tmp_path, {**SOURCE, "write_key": ["short"]}, delivery={"to": "ftp://example.com"})

    assert [(result.check, result.status) for result in results] == [("settings", "problem")] * 2
    assert "springhead.toml:" in results[0].reason
    assert not any("short" in result.reason for result in results)


def test_a_settings_file_that_is_missing_is_a_problem(tmp_path: Path) -> None:
    """With the command that writes one."""
    (result,) = check_gateway(tmp_path / "springhead.toml", host)

    assert (result.check, result.status) == ("settings", "problem")
    assert "springhead gateway init" in result.advice


def test_an_unknown_type_of_a_source_is_a_problem(tmp_path: Path) -> None:
    """The rest is checked all the same."""
    results = checked(tmp_path, {**SOURCE, "type": "auht0"})

    (problem,) = [result for result in results if result.status == "problem"]
    assert "did you mean auth0?" in problem.reason
    assert of(results, "disk")


def test_a_source_folder_that_cannot_be_loaded_is_a_problem(tmp_path: Path) -> None:
    """It was asked for by its path."""
    folder = source_folder(tmp_path)
    (folder / "source.json").write_text("{")

    (problem,) = of(checked(tmp_path, gateway={"folders": [str(folder)]}), "plugin")

    assert (problem.status, str(folder) in problem.reason) == ("problem", True)


def test_a_source_whose_vendor_signs_should_have_a_secret(tmp_path: Path) -> None:
    """Without one a gateway starts, but forged calls are accepted."""
    slack = {**SOURCE, "name": "slack", "type": "slack"}
    off = {**SOURCE, "name": "old", "write_key": ["key-of-a-former-sender"], "enabled": False}

    results = of(checked(tmp_path, slack, off), "source")

    assert [(result.status, result.reason) for result in results] == [
        ("advice", "slack has no signing_secret"),
        ("ok", "old is disabled: its sender is answered 404"),
    ]


def test_an_address_that_is_taken_is_a_problem(tmp_path: Path) -> None:
    """Another program listens there, and does not answer as a gateway does."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        admin = f"127.0.0.1:{taken.getsockname()[1]}"
        _, problem = of(checked(tmp_path, gateway={"admin": admin}), "server")

    assert (problem.status, admin in problem.reason, bool(problem.advice)) == ("problem", True, True)


@pytest.mark.slow
def test_a_gateway_that_runs_is_not_disturbed(tmp_path: Path) -> None:
    """It is ready, its store is read, nothing is logged, and its lock is its own."""
    with running_gateway(tmp_path) as server:
        server.sent()
        log = server.log.read_bytes()
        results = list(check_gateway(tmp_path / "springhead.toml", host))
        server.sent([{"log_id": "2", "data": {"type": "s", "user_id": "auth0|1"}}])
        assert server.log.read_bytes() == log

    assert {result.status for result in results} == {"ok"}
    (running,) = of(results, "server")
    assert running.reason == f"a gateway runs at {server.url} and is ready"
    assert of(results, "store")[0].reason.endswith("can be opened; undelivered events: 0, dead letters: 0")


def test_a_store_is_read_and_not_changed(tmp_path: Path) -> None:
    """Not by a byte, and no file is added."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1"), entry("2")], [], None)

    use(tmp_path / "springhead-data", scenario)
    before = files(tmp_path / "springhead-data")

    (result,) = of(checked(tmp_path), "store")

    assert (result.status, "undelivered events: 2," in result.reason) == ("ok", True)
    assert files(tmp_path / "springhead-data") == before


def test_the_log_of_a_gateway_that_was_killed_is_left_to_the_next_one(tmp_path: Path) -> None:
    """What is in it is counted, and stays in it."""
    folder = tmp_path / "springhead-data"

    async def scenario(store: SqliteStore) -> None:
        await store.append([entry("1")], [], None)
        shutil.copytree(tmp_path / "running", folder)

    use(tmp_path / "running", scenario)
    kept = ("store.sqlite", "store.sqlite-wal")
    before = {name: files(folder)[name] for name in kept}

    (result,) = of(checked(tmp_path), "store")

    assert (result.status, "undelivered events: 1," in result.reason) == ("ok", True)
    assert {name: files(folder)[name] for name in kept} == before


@pytest.mark.parametrize(("layout", "status"), [(3, "advice"), (99, "problem")])
def test_the_layout_of_the_store_is_reported(tmp_path: Path, layout: int, status: str) -> None:
    """An older one is not changed yet; a newer one cannot be opened."""
    folder = tmp_path / "springhead-data"
    folder.mkdir()
    connection = sqlite3.connect(folder / "store.sqlite")
    connection.execute(f"PRAGMA user_version = {layout}")
    connection.close()

    (result,) = of(checked(tmp_path), "store")

    assert (result.status, bool(result.advice)) == (status, True)
    assert sqlite3.connect(folder / "store.sqlite").execute("PRAGMA user_version").fetchone() == (layout,)


def test_a_damaged_store_is_a_problem(tmp_path: Path) -> None:
    """With what to do about it."""
    folder = tmp_path / "springhead-data"
    folder.mkdir()
    (folder / "store.sqlite").write_bytes(b"not a database" * 1000)

    (result,) = of(checked(tmp_path), "store")

    assert (result.status, "restore a backup" in result.advice) == ("problem", True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    """Of the store, of its disk and of the file that events go to."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)

    results = checked(
        tmp_path, gateway={"data": str(folder / "data")}, delivery={"to": f"file:{folder}/out.jsonl"}
    )

    problems = [result.check for result in results if result.status == "problem"]
    assert problems == ["store", "disk", "destination"]


def test_what_is_not_a_file_or_a_folder_where_one_is_needed_is_a_problem(tmp_path: Path) -> None:
    """The store cannot be made below a file, and no event is appended to a named pipe."""
    (tmp_path / "file").touch()
    (tmp_path / "fifo").mkdir()
    os.mkfifo(tmp_path / "fifo" / "out")

    results = checked(
        tmp_path, gateway={"data": str(tmp_path / "file")}, delivery={"to": f"file:{tmp_path}/fifo/out"}
    )

    assert [result.check for result in results if result.status == "problem"] == [
        "store",
        "disk",
        "destination",
    ]


def test_a_disk_smaller_than_max_bytes_is_worth_knowing(tmp_path: Path) -> None:
    """It is no problem yet."""
    (result,) = of(checked(tmp_path, store={"max_bytes": 10**18}), "disk")

    assert (result.status, result.advice.startswith("lower max_bytes")) == ("advice", True)


def test_the_space_that_is_left_free_is_the_stores() -> None:
    """Below it, the store refuses events."""
    assert signature(SqliteStore).parameters["reserve"].default == RESERVE


def test_the_clock_is_compared_with_the_data_plane(tmp_path: Path) -> None:
    """Signatures are refused if they seem too old."""
    with data_plane_in_thread(knowing(KEY)) as plane:
        (right,) = of(checked(tmp_path, delivery={"to": plane.url}), "clock")
        plane.now = lambda: time.time() + 3600
        (wrong,) = of(checked(tmp_path, delivery={"to": plane.url}), "clock")

    assert (right.status, right.reason.endswith("seconds from the data plane's")) == ("ok", True)
    assert (wrong.status, "NTP" in wrong.advice) == ("problem", True)


def test_a_clock_behind_the_store_is_a_problem(tmp_path: Path) -> None:
    """The store was swept later than now."""

    async def scenario(store: SqliteStore) -> None:
        await store.sweep()

    use(tmp_path / "springhead-data", scenario)
    connection = sqlite3.connect(tmp_path / "springhead-data" / "store.sqlite")
    connection.execute("UPDATE sweep SET at = at + 86400")
    connection.commit()
    connection.close()

    (result,) = of(checked(tmp_path), "clock")

    assert (result.status, "the store was in use at" in result.reason) == ("problem", True)


def test_write_keys_are_tried_without_an_event(tmp_path: Path) -> None:
    """Each one against the data plane, which is sent empty batches only."""
    with data_plane_in_thread(knowing("known-to-the-data-plane")) as plane:
        results = checked(tmp_path, *TWO, delivery={"to": plane.url})

    assert [result.status for result in of(results, "destination")] == ["ok"]
    assert of(results, "write key") == [
        CheckResult("write key", "ok", "the data plane knows the write key of shop"),
        CheckResult(
            "write key",
            "problem",
            "the data plane does not know the write key of blog",
            "give its [[source]] destination_write_key",
        ),
    ]
    assert [batch.body["batch"] for batch in plane.came] == [[], [], []]
    assert not any(key in str(results) for key in ("known-to", "another-write-key"))


def test_a_source_that_the_data_plane_has_disabled_is_a_problem(tmp_path: Path) -> None:
    """Its key is known, but its events would be refused."""
    with data_plane_in_thread(knowing(disabled=KEY)) as plane:
        (result,) = of(checked(tmp_path, delivery={"to": plane.url}), "write key")

    assert (result.status, result.advice) == ("problem", "enable the source there")


def test_a_data_plane_that_knows_every_key_cannot_be_asked(tmp_path: Path) -> None:
    """It answers an invented key as any other, so its answer proves nothing."""
    with data_plane_in_thread(lambda _batch: OK) as plane:
        results = checked(tmp_path, *TWO, delivery={"to": plane.url})

    (result,) = of(results, "write key")
    assert (result.status, "keys can only be tried with events" in result.reason) == ("advice", True)


@pytest.mark.parametrize("reply", [(404, {}, "404 page not found\n"), (200, {}, "<html>"), (503, {}, "busy")])
def test_an_address_without_a_data_plane_is_a_problem(
    tmp_path: Path, reply: tuple[int, dict[str, str], str]
) -> None:
    """Another server, a sign-in page, or a data plane that fails; no key is blamed for it."""
    with data_plane_in_thread(lambda _batch: reply) as plane:
        results = checked(tmp_path, delivery={"to": plane.url})

    assert [result.status for result in of(results, "destination")] == ["problem"]
    assert of(results, "write key") == []


def test_a_key_that_is_throttled_is_tried_later(tmp_path: Path) -> None:
    """The answer is not about the key."""
    known = knowing(KEY)
    with data_plane_in_thread(lambda batch: (429, {}, "") if batch.key == KEY else known(batch)) as plane:
        (result,) = of(checked(tmp_path, delivery={"to": plane.url}), "write key")

    assert (result.status, "status 429" in result.reason) == ("advice", True)


def test_a_data_plane_that_cannot_be_reached_is_a_problem(tmp_path: Path) -> None:
    """With the reason."""
    (result,) = of(checked(tmp_path, delivery={"to": f"http://127.0.0.1:{free_port()}"}), "destination")

    assert (result.status, "connection refused" in result.reason) == ("problem", True)
