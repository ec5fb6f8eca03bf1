"""Delivery as a whole: everything once and in order, through everything that goes wrong on the way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from springhead.gateway.delivery.breaker import Breaker
from springhead.gateway.delivery.destination import Accepted, Answer, Unreachable
from springhead.gateway.storage.records import ClaimedEvent, DeadEvent, StoreBusy, StoreCounts
from springhead.gateway.storage.sqlite import SqliteStore
from support.dataplanes import CUT, HANG, OK, Batch, Reply, data_plane
from support.deliveries import deliver, delivering, event, events, first, ids, in_order, keep, until, until_true
from support.stores import claim, opened, use


def test_all_is_delivered_once_in_as_many_lanes_as_asked(tmp_path: Path) -> None:
    """A data plane that is well gets everything once, in order, from several lanes at a time."""
    done = deliver(tmp_path, events(2_000), first(), batch_events=50, lanes=4)

    assert sorted(done.plane.taken) == ids(2_000)
    assert in_order(done.plane.taken)
    assert 1 < done.plane.most_under_way <= 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "reply", [(500, {}, "oh"), (503, {}, ""), (429, {}, "slow"), (408, {}, ""), (429, {"Retry-After": "0"}, "")]
)
def test_a_failure_that_passes_costs_nothing(tmp_path: Path, reply: Reply) -> None:
    """What was not accepted is sent again, in order, and nothing twice."""
    done = deliver(tmp_path, events(200), first(*[reply] * 12), batch_events=10)

    assert sorted(done.plane.taken) == ids(200)
    assert in_order(done.plane.taken)
    assert done.dead == []


def test_a_lost_answer_means_sending_again(tmp_path: Path) -> None:
    """A data plane that hangs, or closes in the middle of its answer, gets those events twice and no others."""
    done = deliver(tmp_path, events(200), first(HANG, CUT, OK, CUT), batch_events=10, timeout=0.2)

    taken = done.plane.taken
    twice = [one for one in set(taken) if taken.count(one) > 1]
    assert sorted(set(taken)) == ids(200)
    assert 0 < len(twice) <= 30
    assert in_order(taken)


@pytest.mark.slow
def test_every_failure_at_once_loses_nothing(tmp_path: Path) -> None:
    """Order per user holds through any mixture."""
    mixture = [(500, {}, ""), CUT, (429, {}, ""), HANG, (502, {}, ""), OK] * 4

    done = deliver(tmp_path, events(300), first(*mixture), batch_events=10, timeout=0.1)

    assert sorted(set(done.plane.taken)) == ids(300)
    assert in_order(done.plane.taken)


def test_a_data_plane_that_is_not_there_is_down_until_it_is(tmp_path: Path) -> None:
    """Events wait for it; the log, the status and the metrics say so, once."""
    keep(tmp_path, events(20))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen: connections are refused
        port = taken.getsockname()[1]

        async def scenario() -> list[str]:
            async with delivering(tmp_path, url=f"http://127.0.0.1:{port}") as running:
                await until_true(lambda: running.delivery.down)
                assert running.delivery.down is not None
                assert running.delivery.down.reason == "connection refused"
                assert await running.count("breaker_open") == 1
                assert await running.undelivered() == 20
                taken.close()
                async with data_plane(port=port) as plane:
                    await running.drained()
                    assert running.delivery.down is None
                    assert await running.count("breaker_open") == 0
                    return plane.taken

        with capture_logs() as logs:
            assert sorted(asyncio.run(scenario())) == ids(20)

    told = [entry["event"] for entry in logs if "destination is" in entry["event"]]
    assert told == ["the destination is down; retrying", "the destination is back"]


def test_one_lane_tries_a_destination_that_is_down(tmp_path: Path) -> None:
    """And all go on when it gets through."""
    keep(tmp_path, events(400))
    tries = 0

    class Unplugged:
        """A destination that cannot be reached at first."""

        under_way = most = 0

        async def send(self, source: str, events: Sequence[bytes]) -> Answer:  # noqa: ARG002
            nonlocal tries
            tries += 1
            self.under_way += 1
            await asyncio.sleep(0.002)
            self.most = max(self.most, self.under_way) if 10 < tries < 30 else self.most
            self.under_way -= 1
            return Unreachable("connection refused") if tries < 30 else Accepted()

        def use_keys(self, keys: Mapping[str, str]) -> None:
            """It needs none."""

        async def close(self) -> None:
            """Nothing is open."""

    to = Unplugged()

    async def scenario() -> None:
        async with delivering(tmp_path, to=to, breaker_failures=2) as running:
            await running.drained()

    asyncio.run(scenario())

    assert to.most == 1


def test_a_store_that_cannot_acknowledge_is_asked_again_and_nothing_is_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a lock passes; what was sent stays sent."""
    failing = 6
    acknowledge = SqliteStore.acknowledge

    async def acknowledges_late(
        store: SqliteStore, delivered: Sequence[int], dead: Sequence[DeadEvent] = ()
    ) -> None:
        nonlocal failing
        if failing:
            failing -= 1
            raise OSError("disk full")
        await acknowledge(store, delivered, dead)

    monkeypatch.setattr(SqliteStore, "acknowledge", acknowledges_late)

    done = deliver(tmp_path, events(50), first(), batch_events=10)

    assert failing == 0
    assert sorted(done.plane.taken) == ids(50)


def test_a_store_that_cannot_release_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that were not sent do not wait until their lease ends by itself."""
    failing = 3
    release = SqliteStore.release

    async def releases_late(store: SqliteStore, seqs: Sequence[int]) -> None:
        nonlocal failing
        if failing:
            failing -= 1
            raise OSError("disk full")
        await release(store, seqs)

    monkeypatch.setattr(SqliteStore, "release", releases_late)

    done = deliver(tmp_path, events(20), first((429, {"Retry-After": "0"}, "")), timeout=3600, lanes=1)

    assert failing == 0
    assert sorted(done.plane.taken) == ids(20)


def test_a_lane_survives_what_nobody_expected(tmp_path: Path) -> None:
    """The error's type is logged, not its text, and the events are delivered after it."""
    keep(tmp_path, events(10))
    sent: list[bytes] = []

    class Erratic:
        """Fails once in a way no destination may."""

        async def send(self, source: str, events: Sequence[bytes]) -> Accepted:  # noqa: ARG002
            if not sent:
                sent.append(b"")
                raise RuntimeError("ada@example.com")
            sent.extend(events)
            return Accepted()

        def use_keys(self, keys: Mapping[str, str]) -> None:
            """It needs none."""

        async def close(self) -> None:
            """Nothing is open."""

    async def scenario() -> None:
        async with delivering(tmp_path, to=Erratic()) as running:
            await running.drained()

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert len(sent) == 11
    (entry,) = (entry for entry in logs if entry["log_level"] == "error")
    assert entry["error"] == "RuntimeError"
    assert entry["at"][-1].endswith(" send")
    assert "ada@example.com" not in repr(logs)


@pytest.mark.parametrize("status", [400, 401, 403, 422, 500, 503])
def test_no_answer_puts_a_key_or_a_body_into_the_log(tmp_path: Path, status: int) -> None:
    """Of an answer the log has the status only, and a dead letter the text without any write key."""
    keep(tmp_path, events(2))

    def echo(batch: Batch) -> Reply:
        auth = batch.headers["authorization"]
        return (status, {}, f"{auth} acme-key {batch.body}") if "00000" in batch.ids else OK

    async def scenario() -> str:
        async with delivering(tmp_path, echo, lanes=1) as running:
            while not (running.delivery.held or await running.dead()):  # noqa: ASYNC110 - as `until`
                await asyncio.sleep(0.01)
            held = running.delivery.held
            return repr((held, [(one.reason, one.answer) for one in await running.dead()]))

    with capture_logs() as logs:
        told = asyncio.run(scenario())

    assert "acme-key" not in told + repr(logs)
    assert "YWNtZS1rZXk" not in told + repr(logs)
    assert "user-0" not in repr(logs)


def test_events_of_a_source_that_is_no_longer_in_the_settings_are_kept(tmp_path: Path) -> None:
    """There is no key to send them with. The log says so once, and what to do."""
    keep(tmp_path, [event("gone", source="Gone"), *events(3)])

    async def scenario() -> None:
        async with delivering(tmp_path) as running:
            await until(running.undelivered, 1)
            assert sorted(running.plane.taken) == ids(3)

    with capture_logs() as logs:
        asyncio.run(scenario())

    (entry,) = (entry for entry in logs if entry["log_level"] == "error")
    assert (entry["source"], "[[source]]" in entry["advice"]) == ("Gone", True)


def test_events_of_another_process_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wakes the lanes for them: the store is looked into now and then."""
    monkeypatch.setattr("springhead.gateway.delivery.delivery.POLL", 0.01)

    async def scenario() -> None:
        async with delivering(tmp_path) as running, opened(tmp_path) as other:
            await asyncio.sleep(0.05)
            await other.append(events(3), [], None)
            await until_true(lambda: len(running.plane.taken) == 3)

    asyncio.run(scenario())


def test_a_woken_lane_delivers_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next look into the store."""
    monkeypatch.setattr("springhead.gateway.delivery.delivery.POLL", 3600.0)

    async def scenario() -> None:
        async with delivering(tmp_path) as running:
            for number in range(5):
                await running.add(f"{number:05}")
                await running.drained()

    asyncio.run(scenario())


def test_new_events_do_not_wake_lanes_that_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the destination is down, accepting costs no more than otherwise."""
    asked: list[object] = []
    wait = Breaker.wait

    def noted(breaker: Breaker, lane: object) -> float:
        asked.append(lane)
        return wait(breaker, lane)

    async def scenario() -> None:
        async with delivering(tmp_path, url="http://127.0.0.1:9", breaker_pause=3600) as running:
            await until_true(lambda: running.delivery.down is not None)
            monkeypatch.setattr(Breaker, "wait", noted)
            for number in range(20, 120):
                await running.add(f"{number:05}")
                await asyncio.sleep(0)
            assert len(asked) < 100  # some lanes may not have known before that it is down
            asked.clear()
            running.delivery.use_keys({"Acme": "new"})
            await until_true(lambda: asked)

    keep(tmp_path, events(20))
    asyncio.run(scenario())


def test_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    """The batch that was sent is acknowledged, no other is begun, and all else is free for the next start."""
    keep(tmp_path, events(20))

    async def scenario() -> int:
        async with delivering(tmp_path, lanes=1, batch_events=5) as running:
            await until_true(lambda: running.plane.came)
            await running.delivery.stop(30)
            assert len(running.plane.taken) + await running.undelivered() == 20
            return len(running.plane.taken)

    taken = asyncio.run(scenario())

    async def left(store: SqliteStore) -> None:
        assert len(await claim(store, source="Acme")) == 20 - taken

    use(tmp_path, left)


def test_stop_cuts_off_what_hangs_and_gives_back_what_it_held(tmp_path: Path) -> None:
    """A data plane that hangs holds up no one, and a restart finds every event free."""
    keep(tmp_path, events(20))

    async def scenario() -> None:
        async with delivering(tmp_path, lambda _batch: HANG, lanes=1, timeout=3600) as running:
            await until_true(lambda: running.plane.came)
            await running.delivery.stop(0.05)
            assert len(await claim(running.store, source="Acme")) == 20

    asyncio.run(scenario())


def test_events_that_become_undelivered_while_lanes_wait_are_counted(tmp_path: Path) -> None:
    """Deliveries, retries and dead letters are in the metrics, by source."""

    async def scenario() -> None:
        async with delivering(tmp_path, first((500, {}, ""))) as running:
            await running.add("00000")
            await until(running.undelivered, 0)
            assert await running.count("delivered_total", source="Acme") == 1
            assert await running.count("retries_total", source="Acme", reason="status 500") == 1

    asyncio.run(scenario())


def test_a_store_that_is_busy_is_logged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason, whatever the number of lanes; they go on once it answers."""
    refused: list[object] = []

    async def busy(*lane: object, **_: object) -> list[ClaimedEvent]:
        refused.append(lane)
        raise StoreBusy("no quorum")

    async def scenario() -> None:
        async with delivering(tmp_path) as running:
            with monkeypatch.context() as patch:
                patch.setattr(running.store, "claim", busy)
                await running.add(*ids(20))
                await until_true(lambda: len(refused) > 10)
            await running.drained()

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert [line["event"] for line in logs] == ["events cannot be claimed; retrying"]
    assert logs[0]["reason"] == "no quorum"


def test_a_store_that_cannot_be_counted_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator learns more from the reason than from the kind of the error."""
    refused: list[object] = []

    async def busy() -> StoreCounts:
        refused.append(None)
        raise StoreBusy("no quorum")

    async def scenario() -> None:
        async with delivering(tmp_path) as running:
            with monkeypatch.context() as patch:
                patch.setattr(running.store, "counts", busy)
                await until_true(lambda: bool(refused))

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert ("the store cannot be read; retrying", "no quorum") in {
        (line["event"], line.get("reason")) for line in logs
    }
