"""How sources share the space of a store that has reached its limit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from springhead.gateway.storage.records import DeadEvent, Receipt, StoreFull
from springhead.gateway.storage.sqlite import SqliteStore
from support.stores import call, claim, entry, fill, keep, letter, rows, use

LIMIT = 4_000_000
REASON = "the destination answered 400"


def test_each_other_source_gets_its_equal_share(tmp_path: Path) -> None:
    """A source that waits for its destination may fill the store; a second still gets half, a third a third."""

    async def scenario(store: SqliteStore) -> None:
        counts = [len((await fill(store, 1, source))[0]) for source in ("auth0", "slack", "stripe")]
        assert counts[0] > 300
        assert counts[1:] == [pytest.approx(counts[0] / 2, rel=0.1), pytest.approx(counts[0] / 3, rel=0.1)]
        space = (await store.counts()).space
        assert space.events + space.log <= LIMIT * (1 + 1 / 2 + 1 / 3)
        assert [await fill(store, 1, source) for source in ("auth0", "slack", "stripe")] == [([], ["0/0"])] * 3

    use(tmp_path, scenario, max_bytes=LIMIT)


def test_only_the_source_that_holds_its_share_is_refused(tmp_path: Path) -> None:
    """Also of calls that wait together: each of the others is stored."""

    async def scenario(store: SqliteStore) -> None:
        await fill(store)
        sources = ["auth0", "slack", "auth0", "stripe"]
        results = await asyncio.gather(
            *(keep(store, entry("new", source=source)) for source in sources), return_exceptions=True
        )
        assert [type(one) for one in results] == [StoreFull, Receipt, StoreFull, Receipt]
        for source in ("slack", "stripe"):
            assert [one.message_id for one in await claim(store, source=source)] == ["new"]

    use(tmp_path, scenario, max_bytes=LIMIT)


def test_dead_letters_and_calls_count_as_events_do(tmp_path: Path) -> None:
    """A source whose letters take its share stores neither letters nor events until some are dropped."""

    async def scenario(store: SqliteStore) -> None:
        await store.append([], [letter(record=b"x" * 1_500_000)], None)
        await store.append([], [letter(record=b"x" * 500_000)], call(b"x" * 1_000_000))
        await asyncio.sleep(0.03)  # an earlier check is valid for so long
        with pytest.raises(StoreFull, match="drop its dead letters, or raise max_bytes"):
            await store.append([], [letter()], None)
        with pytest.raises(StoreFull):
            await keep(store, entry("1"))
        assert await keep(store, entry("1", source="slack")) == Receipt(1, (), ())
        await store.drop([each.id for each in await store.dead_letters()])
        assert await keep(store, entry("1")) == Receipt(1, (), ())

    use(tmp_path, scenario, max_bytes=LIMIT // 2)


def test_a_refusal_says_that_the_source_holds_its_share(tmp_path: Path) -> None:
    """With how much both are, and what makes room for it."""

    async def scenario(store: SqliteStore) -> None:
        await fill(store)
        await fill(store, source="slack")
        with pytest.raises(StoreFull) as error:
            await keep(store, entry("more", source="slack"))
        refusal = str(error.value)
        assert f"store.sqlite has reached its limit of {LIMIT} bytes: it holds 5." in refusal
        assert "; source 'slack' holds 1.8 MB, and its share is 1.8 MB; " in refusal
        assert refusal.endswith("; wait until its events are delivered, or raise max_bytes")

    use(tmp_path, scenario, max_bytes=LIMIT)


def test_a_full_disk_refuses_every_source(small_disk: Path) -> None:
    """Shares are of `max_bytes`: the reserve is for what was accepted, whoever sent it."""

    async def scenario(store: SqliteStore) -> None:
        await fill(store)
        with pytest.raises(StoreFull, match="has fewer than 1500000 bytes to spare"):
            await keep(store, entry("1", source="slack"))

    use(small_disk, scenario, reserve=1_500_000)


def test_a_probe_succeeds_while_a_source_has_space(tmp_path: Path) -> None:
    """Once all of them hold their shares, it says so."""

    async def scenario(store: SqliteStore) -> None:
        await fill(store)
        await store.probe(["auth0", "slack"])
        with pytest.raises(StoreFull, match="source 'auth0' holds"):
            await store.probe(["auth0"])
        await fill(store, source="slack")
        with pytest.raises(StoreFull, match="source 'auth0' holds"):
            await store.probe(["auth0", "slack"])

    use(tmp_path, scenario, max_bytes=LIMIT)


def test_what_a_source_holds_is_counted(tmp_path: Path) -> None:
    """Bytes of events and of dead letters, as they come and go."""

    async def scenario(store: SqliteStore) -> None:
        await keep(store, entry("1", size=100), entry("2", size=200), entry("3", size=400))
        first, second, _ = await claim(store)
        await store.acknowledge([first.seq], [DeadEvent(second.seq, "2", "delivery/400", REASON)])
        assert (await store.counts()).bytes_by_source == {"auth0": 400 + 200 + len(REASON) + 200}
        await store.drop([each.id for each in await store.dead_letters()])
        assert (await store.counts()).bytes_by_source == {"auth0": 400}

    use(tmp_path, scenario)
    assert rows(tmp_path, "SELECT undelivered_bytes, kept_bytes FROM source") == [(400, 0)]
