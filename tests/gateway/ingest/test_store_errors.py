"""What a sender is answered when nothing can be stored."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

import httpx
import pytest

from support.dataplanes import OK, Batch, Reply, data_plane_in_thread
from support.gateways import KEY, SOURCE, gateway
from support.servers import LOCAL, until
from support.webhooks import is_busy, log

OTHER_KEY = "key-of-another-tenant"


@pytest.mark.slow
def test_a_full_store_accepts_nothing(tmp_path: Path) -> None:
    """It answers 503 and when to try again, and logs why; /health stays up."""
    with gateway(tmp_path, store={"max_bytes": 1}) as full:
        response = full.post()

        assert is_busy(response)
        assert response.text == "the gateway cannot keep events now: try again\n"
        assert full.kept() == (0, 0)
        assert is_busy(full.post(b"hello"))
        assert full.post(b"[]").text == "ok"
        assert full.get("/ready").text.startswith("the store has reached its limit of 1 bytes: ")
        assert full.get("/health").status_code == 200
        assert "has reached its limit of 1 bytes" in full.log.read_text()
        assert KEY not in full.log.read_text()


@pytest.mark.slow
def test_a_held_source_does_not_take_the_space_of_another(tmp_path: Path) -> None:
    """It may fill the store, and is refused; the calls of the other are still `ok`, and delivered."""
    other = {"name": "Other", "type": "auth0", "write_key": [OTHER_KEY]}

    def answer(batch: Batch) -> Reply:
        return (401, {}, "Invalid write key") if batch.key == KEY else OK

    with (
        data_plane_in_thread(answer) as plane,
        gateway(tmp_path, SOURCE, other, delivery={"to": plane.url}, store={"max_bytes": 1_500_000}) as one,
    ):
        answers = [one.post(log(description="x" * 20_000)) for _ in range(100)]
        assert is_busy(answers[-1])
        assert all(answer.text == "ok" or is_busy(answer) for answer in answers)

        assert [one.post(log(), OTHER_KEY).text for _ in range(20)] == ["ok"] * 20
        until(lambda: len(plane.taken) == 20)
        assert is_busy(one.post(log()))
        assert one.get("/ready").text == "ready\n"
        assert "source 'Auth0' holds " in one.log.read_text()


@pytest.mark.slow
def test_a_full_disk_accepts_nothing_until_there_is_room(tmp_path: Path) -> None:
    """What was answered ok is stored, what was answered 503 is not, and afterwards all is well."""
    with gateway(tmp_path) as one:
        (worker,) = one.workers()
        limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (400_000, limits[1]))
        answers = [one.post(log(description="x" * 20_000)) for _ in range(40)]
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)

        taken = sum(answer.text == "ok" for answer in answers)
        assert 0 < taken < 40
        assert all(answer.text == "ok" or is_busy(answer) for answer in answers)
        assert one.kept() == (taken, 0)
        assert one.post(log()).text == "ok"
        assert len(one.delivered(taken + 1)) == taken + 1


@pytest.mark.slow
def test_a_deleted_store_accepts_nothing(tmp_path: Path) -> None:
    """What would be written to a deleted file would be lost."""
    with gateway(tmp_path) as one:
        assert one.post().text == "ok"
        one.delivered(1)
        shutil.rmtree(one.data)

        until(lambda: is_busy(one.post(log())))  # a check of the files is valid for 20 milliseconds
        health, ready = one.get("/health"), one.get("/ready")
        assert (health.status_code, health.text) == (503, "Cannot connect to db\n")
        assert ready.status_code == 503
        assert ready.text == "the store is gone: put it back, and restart\n"


@pytest.mark.slow
def test_a_replaced_store_accepts_nothing_until_a_restart(tmp_path: Path) -> None:
    """The log and the admin address say what happened; the gateway runs on, and goes on with the new file."""
    with gateway(tmp_path) as one:
        assert one.post().text == "ok"
        one.delivered(1)
        shutil.copy(one.data / "store.sqlite", tmp_path / "copy")
        (tmp_path / "copy").rename(one.data / "store.sqlite")
        reason = "was replaced while it was open: put it back, and restart"

        until(lambda: is_busy(one.post(log())))
        assert f"the store {reason}" in httpx.get(f"{one.admin_url}/ready", **LOCAL).text
        assert f"store.sqlite {reason}" in one.log.read_text()
        assert one.stop() == 0
    with gateway(tmp_path) as again:
        assert again.post(log()).text == "ok"
