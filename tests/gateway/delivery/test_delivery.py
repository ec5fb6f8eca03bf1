"""Delivery to a real HTTP server, and to files, through everything that goes wrong on the way."""

from __future__ import annotations

import asyncio
import base64
import gzip
import html
import io
import itertools
import json
import os
import random
import time
import tracemalloc
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Container, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote
from zlib import crc32

import pytest
from structlog.testing import capture_logs

from springhead.gateway.delivery import Delivery, open_destination
from springhead.gateway.delivery.dataplane import LONGEST_WAIT, DataPlane, retry_after
from springhead.gateway.delivery.destination import Accepted, Destination, Refused, Retry
from springhead.gateway.delivery.jsonl import JsonLines, Stdout
from springhead.gateway.delivery.said import ECHO, Said
from springhead.gateway.settings.model import DeliverySettings
from springhead.gateway.storage.records import ClaimedEvent, Store
from support.dataplanes import CUT, HANG, OK, Batch, FakeDataPlane, Reply, data_plane

KEYS = {"Acme": "acme-key", "Other": "other-key"}


@dataclass
class MemoryStore:
    """The part of a store that delivery uses, in memory."""

    events: dict[int, ClaimedEvent] = field(default_factory=dict)
    leases: dict[int, float] = field(default_factory=dict)
    letters: list[tuple[str, str, str]] = field(default_factory=list)
    """The messageId, rule and reason of each dead letter."""
    added: int = 0
    failing: int = 0
    """How many calls of `settle` fail from now on."""

    def add(self, source: str, user: str, message_id: str, size: int = 0) -> None:
        """Keep one event."""
        event = json.dumps({"messageId": message_id, "userId": user, "pad": "x" * size}).encode()
        self.added += 1
        self.events[self.added] = ClaimedEvent(self.added, source, message_id, user, event, 0.0, 0)

    async def claim(  # noqa: PLR0913 - as the protocol
        self,
        lane: int,
        lanes: int,
        *,
        events: int,
        size: int,
        lease: float,
        without: Container[str] = (),
        behind: Collection[tuple[str, str]] = (),
    ) -> list[ClaimedEvent]:
        """As the protocol says."""
        now = time.monotonic()
        claimed: list[ClaimedEvent] = []
        taken, leased = 0, set(behind)
        for seq, event in sorted(self.events.items()):
            who = (event.source, event.user)
            if crc32(f"{event.source}\0{event.user}".encode()) % lanes != lane or event.source in without:
                continue
            if self.leases.get(seq, 0) > now:
                leased.add(who)
            elif who not in leased:
                if claimed and (len(claimed) >= events or taken + len(event.event) > size):
                    break
                taken += len(event.event)
                claimed.append(event)
        self.leases |= {event.seq: now + lease for event in claimed}
        return claimed

    async def settle(self, delivered: Sequence[int], dead: Sequence[tuple[int, str, str]] = ()) -> None:
        """As the protocol says."""
        if self.failing:
            self.failing -= 1
            raise OSError("disk full")
        for seq in delivered:
            self.events.pop(seq, None)
        for seq, rule, reason in dead:
            if event := self.events.pop(seq, None):
                self.letters.append((event.message_id, rule, reason))

    async def release(self, seqs: Sequence[int]) -> None:
        """As the protocol says."""
        for seq in seqs:
            self.leases.pop(seq, None)

    async def empty(self) -> None:
        """Wait until nothing is undelivered."""
        await until(lambda: not self.events)


async def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(8):
        while not true():  # noqa: ASYNC110 - what is waited for knows no event loop
            await asyncio.sleep(0.005)


@dataclass
class Deadline:
    """An observer that writes down what it is told."""

    told: list[tuple[Any, ...]] = field(default_factory=list)

    def delivered(self, source: str, count: int) -> None:
        """Note it."""
        self.told.append(("delivered", source, count))

    def retried(self, source: str, why: str) -> None:
        """Note it."""
        self.told.append(("retried", source, why))

    def dead(self, source: str, rule: str, count: int) -> None:
        """Note it."""
        self.told.append(("dead", source, rule, count))

    def breaker(self, is_open: bool) -> None:
        """Note it."""
        self.told.append(("breaker", is_open))

    def held(self, source: str, is_held: bool) -> None:
        """Note it."""
        self.told.append(("held", source, is_held))


NEW = "new-"
"""How the messageIds begin of events that keep coming."""


def rules(**given: Any) -> DeliverySettings:
    """Settings that wait for nothing long."""
    quick = {"timeout": 0.5, "retry_min": 0.005, "retry_max": 0.02, "breaker_pause": 0.05}
    return DeliverySettings(**{**quick, **given})


def store_of(count: int, users: int = 7, source: str = "Acme") -> MemoryStore:
    """A store that holds so many events of so many users."""
    store = MemoryStore()
    for number in range(count):
        store.add(source, f"user-{number % users}", f"{number:05}")
    return store


@asynccontextmanager
async def delivering(
    store: MemoryStore, to: Destination, settings: DeliverySettings, watch: Deadline | None = None
) -> AsyncIterator[Delivery]:
    """A delivery that runs."""
    delivery = Delivery(cast("Store", store), to, settings, watch)
    delivery.start()
    try:
        yield delivery
    finally:
        await delivery.stop(2)


def deliver(
    store: MemoryStore,
    answer: Callable[[Batch], Reply],
    watch: Deadline | None = None,
    dead: int = 0,
    **given: Any,
) -> FakeDataPlane:
    """Deliver all the store holds to a data plane that answers so; new events come until so many are dead."""

    async def scenario() -> FakeDataPlane:
        async with data_plane(answer) as plane:
            settings = rules(to=plane.url, **given)
            async with delivering(store, open_destination(settings, KEYS), settings, watch):
                await coming(store, lambda: len(store.letters) >= dead)
                await store.empty()
            plane.taken = [one for one in plane.taken if not one.startswith(NEW)]
            return plane

    return asyncio.run(scenario())


async def coming(store: MemoryStore, enough: Callable[[], bool]) -> None:
    """Events of another user's of Acme's come, one after the other, until there were enough."""
    for number in count():
        if enough():
            return
        store.add("Acme", "new", f"{NEW}{number}")
        await asyncio.sleep(0.01)


def in_order(ids: Iterable[str], users: int = 7) -> bool:
    """Whether each user's messages first came in the order in which they were stored."""
    by_user: dict[int, list[str]] = defaultdict(list)
    for one in dict.fromkeys(ids):
        by_user[int(one) % users].append(one)
    return all(seen == sorted(seen) for seen in by_user.values())


def ids(count: int) -> list[str]:
    """The messageIds of so many events."""
    return [f"{number:05}" for number in range(count)]


def first(*replies: Reply) -> Callable[[Batch], Reply]:
    """Answer so at first, in turn, and OK from then on."""
    left = list(replies)
    return lambda _batch: left.pop(0) if left else OK


def test_batches_are_posted_as_the_http_api_says() -> None:
    """Basic authentication with the source's key and no password, gzip, the events as they are, sentAt."""
    store = store_of(3)
    store.add("Other", "ada@example.com", "00003")
    raw = [event.event for event in store.events.values()]

    plane = deliver(store, first(), lanes=1)

    acme, other = plane.came
    assert (acme.key, other.key) == ("acme-key", "other-key")
    assert acme.body["batch"] == [json.loads(event) for event in raw[:3]]
    assert other.body["batch"] == [json.loads(raw[3])]
    assert acme.headers["content-type"] == "application/json"
    assert acme.headers["content-encoding"] == "gzip"
    sent = datetime.strptime(acme.body["sentAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - sent) < timedelta(seconds=10)


def test_gzip_can_be_turned_off() -> None:
    """For a proxy that cannot inflate."""
    plane = deliver(store_of(1), first(), gzip=False)

    assert "content-encoding" not in plane.came[0].headers


def test_all_is_delivered_once_in_as_many_lanes_as_asked() -> None:
    """A data plane that is well gets everything once, in order, from several lanes at a time."""
    watch = Deadline()
    plane = deliver(store_of(2_000), first(), watch, batch_events=50, lanes=4)

    assert sorted(plane.taken) == ids(2_000)
    assert in_order(plane.taken)
    assert 1 < plane.most_under_way <= 4
    assert sum(told[2] for told in watch.told) == 2_000


@pytest.mark.parametrize(
    "reply", [(500, {}, "oh"), (503, {}, ""), (429, {}, "slow"), (408, {}, ""), (429, {"Retry-After": "0"}, "")]
)
def test_a_failure_that_passes_costs_nothing(reply: Reply) -> None:
    """What was not accepted is sent again, in order, and nothing twice."""
    plane = deliver(store_of(200), first(*[reply] * 12), batch_events=10)

    assert sorted(plane.taken) == ids(200)
    assert in_order(plane.taken)


def test_a_lost_answer_means_sending_again() -> None:
    """A data plane that hangs, or closes in the middle of its answer, gets those events twice and no others."""
    store = store_of(200)
    plane = deliver(store, first(HANG, CUT, OK, CUT), batch_events=10, timeout=0.2)

    twice = [one for one in set(plane.taken) if plane.taken.count(one) > 1]
    assert sorted(set(plane.taken)) == ids(200)
    assert len(plane.taken) == 200 + len(twice)
    assert 0 < len(twice) <= 30
    assert in_order(plane.taken)


def test_every_failure_at_once_loses_nothing() -> None:
    """Order per user holds through any mixture."""
    mixture = [(500, {}, ""), CUT, (429, {}, ""), HANG, (502, {}, ""), OK] * 4
    plane = deliver(store_of(300), first(*mixture), batch_events=10, timeout=0.1)

    assert sorted(set(plane.taken)) == ids(300)
    assert in_order(plane.taken)


def test_a_data_plane_that_is_not_there_yet_gets_all_later() -> None:
    """Events wait for it."""
    store, watch = store_of(20), Deadline()

    async def scenario() -> list[str]:
        async with data_plane() as plane:
            url = plane.url
        settings = rules(to=url)
        async with delivering(store, open_destination(settings, KEYS), settings, watch):
            await asyncio.sleep(0.1)
            assert len(store.events) == 20
            again = FakeDataPlane()
            server = await asyncio.start_server(again.serve, "127.0.0.1", int(url.rpartition(":")[2]))
            await store.empty()
            server.close()
        return again.taken

    assert sorted(asyncio.run(scenario())) == ids(20)
    assert ("retried", "Acme", "ConnectError") in watch.told


def refusing(bad: set[str], status: int = 400) -> Callable[[Batch], Reply]:
    """Refuse every batch that holds one of these messages."""
    return lambda batch: (status, {}, "not a valid event") if bad & set(batch.ids) else OK


def test_an_event_at_fault_becomes_a_dead_letter_and_its_neighbours_go_through() -> None:
    """The batch is split until the one stands alone; the letter holds the status and the answer."""
    store, watch = store_of(100, users=1), Deadline()

    plane = deliver(store, refusing({"00017", "00063"}), watch)

    reason = "the destination answered 400: not a valid event"
    assert store.letters == [("00017", "delivery/400", reason), ("00063", "delivery/400", reason)]
    assert plane.taken == [one for one in ids(100) if one not in ("00017", "00063")]
    assert len(plane.came) < 30
    assert watch.told.count(("dead", "Acme", "delivery/400", 1)) == 2


KEPT_APART = [
    "acme-key",
    "other-key",
    base64.b64encode(b"acme-key:").decode(),
    "Basic " + base64.b64encode(b"a+b/c d?:").decode(),
    base64.b64encode(b"acme-key").decode().rstrip("="),
    "a%2Bb%2Fc%20d%3F",
]


@pytest.mark.parametrize("key", KEPT_APART)
def test_an_answer_is_kept_short_and_without_any_write_key(key: str) -> None:
    """However a data plane says back the key that it was sent, or that of another source."""
    text = Said([*KEYS.values(), "a+b/c d?"]).shown(f"not with {key}, {'because ' * 1_000}", [b"{}"])

    assert "<write key>, because because" in text
    assert key not in text
    assert len(text) <= 100


ADA = b'{"type":"track","messageId":"id-1","userId":"ada","n":7654321,"a":{"b":"<script>1","c":"\\u00fc"}}'


@pytest.mark.parametrize(
    "text",
    [
        ADA.decode(),
        f"cannot take {ADA.decode()}",
        f"cannot take [{ADA.decode()[1:]}",
        f"cannot take {quote(ADA.decode()[1:])}",
        f"cannot take {html.escape(ADA.decode()[1:])}",
        f"cannot take {json.dumps(ADA.decode()[1:])}",
        "no such message: id-1",
        "ada is unknown",
        "<script>1 is forbidden",
        "call 7654321",
        json.dumps({"message": "id-1 is not valid"}),
        "x" * 190 + "id-1",
    ],
)
def test_nothing_that_was_sent_is_kept_of_an_answer(text: str) -> None:
    """A data plane that says back the body, or a part of it, puts no person into a log or a reason."""
    assert Said(KEYS.values()).shown(text, [b"{}", ADA]) in ("", "cannot take", ECHO)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Invalid write key\n", "Invalid write key"),
        ('{"message": "Invalid write key"}', "Invalid write key"),
        ('{"error": {"code": 7}}', ""),
        ("[" * 100_000, "[" * 100),
        ("<html><title>403 Forbidden</title></html>", "<html><title>403 Forbidden</title></html>"),
        ("track needs a userId", "track needs a userId"),
    ],
)
def test_what_an_answer_says_in_its_own_words_is_kept(text: str, kept: str) -> None:
    """An operator sees what is wrong."""
    assert Said(KEYS.values()).shown(text, [ADA]) == kept


@pytest.mark.parametrize("status", [400, 401, 403, 422, 500, 503])
def test_no_answer_puts_a_key_or_a_body_into_logs_or_reasons(status: int) -> None:
    """Neither into what is told of a source that is held, or of a data plane that is down."""
    store = MemoryStore()
    store.add("Acme", "ada@example.com", "id-of-ada")

    def echo(batch: Batch) -> Reply:
        return (status, {}, f"err {json.dumps(batch.body)} auth={batch.headers['authorization']} acme-key")

    async def scenario() -> str:
        async with data_plane(echo) as plane:
            settings = rules(to=plane.url)
            async with delivering(store, open_destination(settings, KEYS), settings) as delivery:
                await until(lambda: store.letters or (len(plane.came) > 1))
                return repr((delivery.held, delivery.why, store.letters))

    with capture_logs() as logs:
        told = asyncio.run(scenario())

    told += repr([entry for entry in logs if "became a dead letter" not in entry["event"]])
    assert f"{status}" in told
    assert not [one for one in ("ada@", "acme-key", "YWNtZS1rZXk", '"pad"') if one in told]


def zipped(text: bytes) -> str:
    """Its gzip, as a reply has it."""
    return gzip.compress(text, mtime=0).decode("latin-1")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("gzip", "garbage"), ("gzip", zipped(b"OK")), ("br", "\x0b\x01\x80OK\x03"), ("none", "OK")],
)
def test_a_batch_is_accepted_whatever_the_answer_holds(encoding: str, text: str) -> None:
    """Whether or not it can be decoded: what was accepted is not sent again."""
    plane = deliver(store_of(20), lambda _batch: (200, {"Content-Encoding": encoding}, text), batch_events=10)

    assert sorted(plane.taken) == ids(20)


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_is_not_inflated_without_bound(status: int) -> None:
    """A little gzip that holds much costs no memory."""
    bomb = zipped(b"\0" * 50_000_000)

    tracemalloc.start()
    try:
        deliver(store_of(1), lambda _batch: (status, {"Content-Encoding": "gzip"}, bomb))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


def test_an_answer_about_the_key_is_understood_in_gzip() -> None:
    """No event is made a dead letter because a proxy compresses."""
    answer = sent_to((400, {"Content-Encoding": "gzip"}, zipped(b"Invalid Authorization Header")))

    assert answer == Refused(400, "Invalid Authorization Header", always=True)


def sent_to(reply: Reply, event: bytes = b'{"messageId": "00000"}') -> Any:
    """What a data plane's answer to one event is understood as."""

    async def scenario() -> Any:
        async with data_plane(lambda _batch: reply) as plane:
            to = DataPlane(plane.url, KEYS, timeout=2, compress=True, connections=1)
            try:
                return await to.send("Acme", [event])
            finally:
                await to.close()

    return asyncio.run(scenario())


def test_a_batch_too_large_for_the_data_plane_is_split() -> None:
    """413 means fewer at a time; one event that is too large alone is a dead letter."""
    store = store_of(40, users=1)
    store.add("Acme", "user-0", "00040", size=3_000)

    plane = deliver(store, lambda batch: (413, {}, "too large") if batch.size > 1_000 else OK)

    assert plane.taken == ids(40)
    assert [letter[:2] for letter in store.letters] == [("00040", "delivery/413")]


def test_an_event_over_the_limit_is_never_sent() -> None:
    """It is a dead letter before it can poison a batch."""
    store = store_of(5)
    store.add("Acme", "user-1", "00005", size=40_000)

    plane = deliver(store, first())

    assert sorted(plane.taken) == ids(5)
    ((message, rule, reason),) = store.letters
    assert (message, rule) == ("00005", "delivery/too-large")
    assert reason == "the event has 40053 bytes, delivery.event_limit is 32768"


def test_no_request_is_longer_than_the_batch_limit() -> None:
    """Whatever the store hands out at a time."""
    store = store_of(200, users=1)

    plane = deliver(store, first(), batch_bytes=1_000, batch_limit=1_000, event_limit=200)

    assert plane.taken == ids(200)
    assert max(batch.size for batch in plane.came) <= 1_000


@pytest.mark.parametrize(
    "reply",
    [
        (401, {}, "invalid write key"),
        (403, {}, ""),
        (404, {}, "source is disabled"),
        (302, {"Location": "http://127.0.0.1:9/"}, ""),
        (400, {}, "Invalid Authorization Header"),
    ],
)
def test_a_key_that_is_refused_costs_no_event_and_holds_up_no_other_source(reply: Reply) -> None:
    """Its source's events are kept and tried again, loudly; the others' go out."""
    store = store_of(30, users=1)
    store.add("Other", "user-0", "other")

    async def scenario() -> list[dict[str, Any]]:
        async with data_plane(lambda batch: reply if batch.key == "acme-key" else OK) as plane:
            settings = rules(to=plane.url, batch_events=5, retry_max=60, retry_min=30)
            with capture_logs() as logs:
                async with delivering(store, open_destination(settings, KEYS), settings):
                    await until(lambda: plane.taken)
            assert plane.taken == ["other"]
        return cast("list[dict[str, Any]]", logs)

    logs = asyncio.run(scenario())

    assert len(store.events) == 30
    assert store.letters == []
    (loud,) = (entry for entry in logs if entry["log_level"] == "error")
    assert (loud["source"], loud["status"]) == ("Acme", reply[0])
    assert "acme-key" not in repr(logs)


def test_lanes_that_are_refused_at_once_hold_their_source_once() -> None:
    """The pause grows with each try, not with each lane."""
    store = store_of(40, users=20)

    async def scenario() -> FakeDataPlane:
        async with data_plane(lambda _batch: (403, {}, "")) as plane:
            settings = rules(to=plane.url, retry_min=30, retry_max=60)
            async with delivering(store, open_destination(settings, KEYS), settings):
                await until(lambda: len(plane.came) == 4)
                await asyncio.sleep(0.1)
        return plane

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert [entry["tries"] for entry in logs if entry["log_level"] == "error"] == [1]


def test_a_key_that_works_again_lets_its_events_go() -> None:
    """The source is tried again after a pause, and all of it comes in order."""
    store = store_of(10, users=1)

    async def scenario() -> list[str]:
        async with data_plane(first((401, {}, ""))) as plane:
            settings = rules(to=plane.url, lanes=1)
            async with delivering(store, open_destination(settings, KEYS), settings):
                await store.empty()
            return plane.taken

    assert asyncio.run(scenario()) == ids(10)


def poisoned(bad: Container[str], reply: Reply) -> Callable[[Batch], Reply]:
    """Answer so to each batch that holds one of these messages, as a firewall or a bug does."""
    return lambda batch: reply if any(one in bad for one in batch.ids) else OK


BLAMES: list[Reply] = [
    (403, {}, "blocked"),
    (500, {}, "oh"),
    (502, {}, ""),
    (400, {}, "no Authorization Header for <script>"),
]


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("reply", BLAMES)
def test_an_event_that_is_refused_as_if_all_were_becomes_a_dead_letter(reply: Reply, lanes: int) -> None:
    """A firewall's 403 and a bug's 500 are traced to it; all others go out once and in order."""
    store, watch = store_of(200), Deadline()
    store.add("Other", "user-3", "00200")

    plane = deliver(store, poisoned({"00017"}, reply), watch, dead=1, lanes=lanes)

    ((message, rule, reason),) = store.letters
    assert (message, rule) == ("00017", f"delivery/{reply[0]}")
    told = f"the destination answered {reply[0]} to this event alone, 8 times"
    assert reason == (f"{told}: {reply[2]}" if reply[2] else told)
    assert sorted(plane.taken) == [one for one in ids(201) if one != "00017"]
    assert in_order(one for one in plane.taken if one != "00200")
    assert len(plane.came) < 150
    assert watch.told.count(("dead", "Acme", f"delivery/{reply[0]}", 1)) == 1
    assert ("breaker", True) not in watch.told


@pytest.mark.parametrize("reply", BLAMES)
def test_nothing_is_buried_while_a_data_plane_refuses_everything(reply: Reply) -> None:
    """A wrong key or an outage may last: each event is kept, and all come in order after it."""
    store, watch = store_of(60), Deadline()
    refused: list[Batch] = []

    def answer(batch: Batch) -> Reply:
        refused.append(batch)
        return reply if len(refused) < 80 else OK

    plane = deliver(store, answer, watch, breaker_pause=0.01)

    assert min(len(batch.ids) for batch in refused) == 1
    assert store.letters == []
    assert sorted(plane.taken) == ids(60)
    assert in_order(plane.taken)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_nothing_is_buried_by_a_data_plane_that_fails_now_and_then(share: float) -> None:
    """However often an event meets a failure: it is taken one time or another, and that clears all."""
    store, chance = store_of(50), random.Random(2)  # noqa: S311 - no secret

    plane = deliver(
        store,
        lambda _batch: (500, {}, "") if chance.random() < share else OK,
        batch_events=4,
        breaker_failures=10_000,
    )

    assert store.letters == []
    assert sorted(plane.taken) == ids(50)
    assert in_order(plane.taken)


def test_an_event_is_buried_only_once_others_of_its_source_are_taken() -> None:
    """Alone it waits, for its key or the address may be wrong; another source's acceptance tells nothing."""
    store = MemoryStore()
    store.add("Acme", "user-0", "00000")
    store.add("Acme", "user-0", "00001")

    async def scenario() -> list[str]:
        async with data_plane(poisoned({"00000"}, (403, {}, ""))) as plane:
            settings = rules(to=plane.url, lanes=1)
            async with delivering(store, open_destination(settings, KEYS), settings) as delivery:
                await until(lambda: len(plane.came) > 10)
                store.add("Other", "user-1", "00002")
                await until(lambda: len(plane.came) > 30)
                assert (store.letters, plane.taken) == ([], ["00002"])
                assert delivery.held == {"Acme": "status 403"}
                store.add("Acme", "user-3", "00003")
                await until(lambda: "00003" in plane.taken)
                await asyncio.sleep(0.3)
                assert store.letters == []  # what was taken once says nothing of what is refused later
                await coming(store, lambda: bool(store.letters))
                await store.empty()
                assert delivery.held == {}
            return [one for one in plane.taken if not one.startswith(NEW)]

    taken = asyncio.run(scenario())

    assert [letter[:2] for letter in store.letters] == [("00000", "delivery/403")]
    assert taken == ["00002", "00003", "00001"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_flood_of_events_at_fault_stops_nobody_else(status: int) -> None:
    """However many users they come from, one behind the other: they become dead letters, all others go out."""
    store = MemoryStore()
    bad = {f"bad-{number:03}" for number in range(20)}
    for one in sorted(bad):
        store.add("Acme", one, one)
    for number in range(200):
        store.add(("Acme", "Other")[number % 2], f"user-{number}", f"{number:05}")

    plane = deliver(store, poisoned(bad, (status, {}, "")), dead=20, lanes=1, breaker_pause=0.01)

    assert {letter[0] for letter in store.letters} == bad
    assert sorted(plane.taken) == ids(200)


@pytest.mark.parametrize("status", [403, 500])
def test_another_source_goes_on_while_an_event_is_traced(status: int) -> None:
    """From the second try on it is sent before the source in trouble."""
    store = store_of(50)
    for number in range(50, 60):
        store.add("Other", f"user-{number}", f"{number:05}")

    plane = deliver(store, poisoned({"00000"}, (status, {}, "")), dead=1, lanes=1)

    assert sum(batch.key == "acme-key" for batch in plane.came[:3]) <= 2
    assert {f"{number:05}" for number in range(50, 60)} <= set(plane.taken[:10])


@pytest.mark.parametrize("reply", [CUT, HANG, (429, {}, ""), (401, {}, ""), (503, {"Retry-After": "0"}, "")])
def test_no_other_failure_is_traced_to_an_event(reply: Reply) -> None:
    """They are about the connection, the key or the load, and the batch stays as it is."""
    store = store_of(20, users=5)

    async def scenario() -> FakeDataPlane:
        async with data_plane(poisoned({"00000"}, reply)) as plane:
            settings = rules(to=plane.url, lanes=1, timeout=0.05, breaker_pause=0.01)
            async with delivering(store, open_destination(settings, KEYS), settings):
                await until(lambda: len(plane.came) > 12)
        return plane

    plane = asyncio.run(scenario())

    assert store.letters == []
    assert {len(batch.ids) for batch in plane.came} == {20}


def test_a_suspect_is_given_back_at_the_end() -> None:
    """A restart finds it free, and what waits behind it."""
    store = store_of(20)

    async def scenario() -> None:
        async with data_plane(poisoned({"00000"}, (500, {}, ""))) as plane:
            settings = rules(to=plane.url, lanes=1, retry_min=0.05, retry_max=0.05)
            async with delivering(store, open_destination(settings, KEYS), settings):
                await until(lambda: len(plane.taken) == 17)

    asyncio.run(scenario())

    assert sorted(event.message_id for event in store.events.values()) == ["00000", "00007", "00014"]
    assert store.leases.keys() & store.events.keys() == set()


def test_events_of_a_source_that_is_no_longer_configured_are_kept() -> None:
    """There is no key to send them with."""

    async def scenario() -> Any:
        plane = DataPlane("http://127.0.0.1:9", KEYS, timeout=1, compress=True, connections=1)
        try:
            return await plane.send("Gone", [b"{}"])
        finally:
            await plane.close()

    answer = asyncio.run(scenario())

    assert (answer.status, answer.always) == (None, True)
    assert answer.text == "no [[source]] is called 'Gone': its write key is not known"


def test_retry_after_is_honoured_by_all_lanes() -> None:
    """Nobody tries before."""
    times: list[float] = []

    def answer(_batch: Batch) -> Reply:
        times.append(time.monotonic())
        return (429, {"Retry-After": "1"}, "") if len(times) == 1 else OK

    store = MemoryStore()
    store.add("Acme", "user-0", "00000")
    deliver(store, answer)

    assert times[1] - times[0] >= 1


def test_retry_after_comes_in_two_forms() -> None:
    """Seconds or a date; anything else is none, and nothing stops delivery for days."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert retry_after("7") == 7
    assert retry_after(soon) == pytest.approx(30, abs=2)
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("9" * 30) == LONGEST_WAIT
    assert [retry_after(text) for text in (None, "", "soon", "-1", "1.5", "²")] == [None] * 6


@pytest.mark.parametrize(
    "text",
    [
        f"Wed, 21 Oct {'9' * 20} 07:28:00 GMT",
        f"Wed, 21 Oct 2026 07:28:00 +{'9' * 14}",
        f"Wed, {'9' * 20} Oct 2026 07:28:00 GMT",
        "Wed, 21 Oct 2026 07:28:00 +9999",
        "9" * 5_000 + " Oct 2026 07:28:00 GMT",
        "Wed, 21 Oct 0001 00:00:00 +2300",
    ],
)
def test_no_date_of_retry_after_is_a_surprise(text: str) -> None:
    """One that no calendar has is none, and the answer it came with is a failure like any other."""
    assert retry_after(text) in (None, 0, LONGEST_WAIT)


def test_the_breaker_spares_a_data_plane_that_is_down() -> None:
    """After some failures in a row one lane probes; when one gets through, all go on."""
    store, watch = store_of(400), Deadline()
    downs: list[float] = []

    def answer(_batch: Batch) -> Reply:
        if len(downs) < 8:
            downs.append(time.monotonic())
            return (500, {}, "")
        return OK

    plane = deliver(store, answer, watch, batch_events=10, breaker_failures=4, breaker_pause=0.1)

    assert [told for told in watch.told if told[0] == "breaker"] == [("breaker", True), ("breaker", False)]
    probes = [later - earlier for earlier, later in itertools.pairwise(downs[5:])]
    assert all(gap >= 0.095 for gap in probes)
    assert sorted(plane.taken) == ids(400)


def test_a_store_that_cannot_settle_is_asked_again_and_nothing_is_sent_twice() -> None:
    """A full disk or a lock passes; what was sent stays sent."""
    store = store_of(50)
    store.failing = 6

    plane = deliver(store, first(), batch_events=10)

    assert sorted(plane.taken) == ids(50)


def test_a_lane_survives_what_nobody_expected() -> None:
    """The error's type is logged, not its text, and the events are delivered after it."""
    store = store_of(10)
    sent: list[bytes] = []

    class Erratic:
        """Fails once in a way no destination may."""

        async def send(self, source: str, events: Sequence[bytes]) -> Accepted:  # noqa: ARG002
            if not sent:
                sent.append(b"")
                raise RuntimeError("ada@example.com")
            sent.extend(events)
            return Accepted()

        async def close(self) -> None:
            """Nothing to close."""

    async def scenario() -> None:
        async with delivering(store, Erratic(), rules()):
            await store.empty()

    with capture_logs() as logs:
        asyncio.run(scenario())

    assert len(sent) == 11
    (entry,) = (entry for entry in logs if entry["log_level"] == "error")
    assert entry["error"] == "RuntimeError"
    assert entry["at"].startswith("send:")
    assert "ada@example.com" not in repr(logs)


def test_a_woken_lane_delivers_at_once() -> None:
    """Nobody waits for the next look into the store."""
    store = MemoryStore()

    async def scenario() -> float:
        async with data_plane() as plane:
            settings = rules(to=plane.url)
            async with delivering(store, open_destination(settings, KEYS), settings) as delivery:
                await asyncio.sleep(0.2)
                begin = time.monotonic()
                store.add("Acme", "ada@example.com", "00000")
                delivery.wake()
                await store.empty()
                return time.monotonic() - begin

    assert asyncio.run(scenario()) < 0.5


def stopping(answer: Callable[[Batch], Reply], store: MemoryStore, grace: float) -> tuple[float, FakeDataPlane]:
    """Stop while the first request is under way; the seconds that took."""

    async def scenario() -> tuple[float, FakeDataPlane]:
        async with data_plane(answer) as plane:
            settings = rules(to=plane.url, timeout=30, lanes=1, batch_events=5)
            delivery = Delivery(cast("Store", store), open_destination(settings, KEYS), settings)
            delivery.start()
            await until(lambda: plane.came)
            begin = time.monotonic()
            await delivery.stop(grace)
            return time.monotonic() - begin, plane

    return asyncio.run(scenario())


def test_stop_finishes_what_is_under_way() -> None:
    """The batch that was sent is settled, and no other is begun."""
    store = store_of(20)

    def slow(_batch: Batch) -> Reply:
        time.sleep(0.05)
        return OK

    _, plane = stopping(slow, store, 2)

    assert len(plane.taken) + len(store.events) == 20
    assert store.leases.keys() & store.events.keys() == set()


def test_stop_waits_no_longer_than_its_grace_and_gives_back_what_it_held() -> None:
    """A data plane that hangs holds up no one, and a restart finds every event free."""
    store = store_of(20)

    took, _ = stopping(lambda _batch: HANG, store, 0.2)

    assert took < 1
    assert len(store.events) == 20
    assert store.leases == {}


def appended(path: Path, batches: Iterable[Sequence[bytes]], **given: int) -> JsonLines:
    """Send batches to a file, one after another."""
    lines = JsonLines(path, **{"rotate_bytes": 10**9, **given})

    async def scenario() -> None:
        for batch in batches:
            assert await lines.send("Acme", batch) == Accepted()
        await lines.close()

    asyncio.run(scenario())
    return lines


def test_a_file_gets_one_event_a_line(tmp_path: Path) -> None:
    """Through delivery as through any destination, and nobody else may read it."""
    store, path = store_of(100), tmp_path / "deep" / "delivered.jsonl"

    async def scenario() -> None:
        settings = rules(to=f"file:{path}", batch_events=10)
        async with delivering(store, open_destination(settings, KEYS), settings):
            await store.empty()

    asyncio.run(scenario())

    written = [json.loads(line)["messageId"] for line in path.read_text().splitlines()]
    assert sorted(written) == ids(100)
    assert in_order(written)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_file_is_put_aside(tmp_path: Path) -> None:
    """No file is longer than the limit, numbers go on, and all are kept unless told otherwise."""
    path = tmp_path / "out.jsonl"
    batches = [[b'{"n":%d}' % n] for n in range(10)]

    appended(path, batches[:5], rotate_bytes=20)
    appended(path, batches[5:], rotate_bytes=20)

    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["out.jsonl", *(f"out.jsonl.{n:06}" for n in range(1, 5))]
    whole = b"".join(tmp_path.joinpath(name).read_bytes() for name in [*names[1:], names[0]])
    assert whole == b"".join(b'{"n":%d}\n' % n for n in range(10))


def test_only_so_many_files_are_kept_as_asked(tmp_path: Path) -> None:
    """The oldest go first."""
    path = tmp_path / "out.jsonl"

    appended(path, [[b'{"n":%d}' % n] for n in range(10)], rotate_bytes=5, rotate_keep=2)

    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "out.jsonl",
        "out.jsonl.000008",
        "out.jsonl.000009",
    ]


@pytest.mark.parametrize(
    ("left", "mended"),
    [
        (b'{"n":1}\n{"n":2', b'{"n":1}\n'),
        (b'{"n":2', b""),
        (b'{"n":1}\n' + b'{"n": "' + b"x" * 200_000, b'{"n":1}\n'),
        (b'{"n":1}', b'{"n":1}\n'),
        (b"", b""),
    ],
)
def test_a_line_cut_off_by_a_crash_is_taken_away(tmp_path: Path, left: bytes, mended: bytes) -> None:
    """Its event was never settled and comes again; a line that only lacks its end gets it."""
    path = tmp_path / "out.jsonl"
    path.write_bytes(left)

    appended(path, [[b'{"n":3}']])

    assert path.read_bytes() == mended + b'{"n":3}\n'


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """The answer says what the system said, and names no path."""
    path = tmp_path / "out.jsonl"
    path.mkdir()

    answer = asyncio.run(JsonLines(path, rotate_bytes=100).send("Acme", [b"{}"]))

    assert answer == Retry(None, "Is a directory")


@pytest.mark.parametrize("emptied", [False, True])
def test_half_a_batch_on_a_full_disk_is_taken_back(tmp_path: Path, *, emptied: bool) -> None:
    """What was not wholly written is written again, once, even after somebody emptied the file."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    path = tmp_path / "out.jsonl"
    lines = JsonLines(path, rotate_bytes=10**9)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def scenario() -> list[Any]:
        answers: list[Any] = [await lines.send("Acme", [b'{"n":1}'])]
        if emptied:
            os.truncate(path, 0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 if emptied else 12, limits[1]))
        try:
            answers.append(await lines.send("Acme", [b'{"n":2}']))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        answers.append(await lines.send("Acme", [b'{"n":2}']))
        await lines.close()
        return answers

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        answers = asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGXFSZ, before)

    assert answers == [Accepted(), Retry(None, "File too large"), Accepted()]
    assert path.read_bytes() == (b"" if emptied else b'{"n":1}\n') + b'{"n":2}\n'


def sent_around(path: Path, between: Callable[[], object], **given: int) -> None:
    """Send an event to a file, let something be done to it, and send two more through the same destination."""
    lines = JsonLines(path, **{"rotate_bytes": 10**9, **given})

    async def scenario() -> None:
        assert await lines.send("Acme", [b'{"n":1}']) == Accepted()
        between()
        assert await lines.send("Acme", [b'{"n":2}']) == Accepted()
        assert await lines.send("Acme", [b'{"n":3}']) == Accepted()
        await lines.close()

    asyncio.run(scenario())


def test_a_file_that_is_deleted_or_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """As by `rm`, by logrotate, or with its folder: nothing goes where nobody can read it."""
    path = tmp_path / "deep" / "out.jsonl"

    for gone in (
        path.unlink,
        lambda: path.rename(tmp_path / "old"),
        lambda: path.parent.rename(tmp_path / "d"),
    ):
        sent_around(path, gone)
        assert path.read_bytes() == b'{"n":2}\n{"n":3}\n'
        path.unlink()

    assert (tmp_path / "old").read_bytes() == b'{"n":1}\n'


def test_a_file_that_is_replaced_is_appended_to(tmp_path: Path) -> None:
    """What stands in the new one stays."""
    path = tmp_path / "out.jsonl"

    def replace() -> None:
        path.with_name("new").write_bytes(b'{"n":0}\n')
        path.with_name("new").rename(path)

    sent_around(path, replace)

    assert path.read_bytes() == b'{"n":0}\n{"n":2}\n{"n":3}\n'


@pytest.mark.parametrize("gone", [Path.unlink, lambda path: path.rename(path.with_name("old")), os.truncate])
def test_a_batch_whose_file_goes_while_it_is_written_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: Callable[..., object]
) -> None:
    """It counts as delivered only once it is on the disk where the path is."""
    path, fsync, synced = tmp_path / "out.jsonl", os.fsync, list[int]()

    def late(fd: int) -> None:
        fsync(fd)
        synced.append(fd)
        if len(synced) == 2:  # the folder's, then the batch's
            gone(path, 0) if gone is os.truncate else gone(path)

    monkeypatch.setattr(os, "fsync", late)
    appended(path, [[b'{"n":1}']])

    assert path.read_bytes() == b'{"n":1}\n'


def test_a_file_counts_as_long_as_it_is(tmp_path: Path) -> None:
    """Whatever others append to it or take away, it is put aside in time."""
    path = tmp_path / "out.jsonl"

    def emptied() -> None:
        os.truncate(path, 0)

    def grown() -> None:
        with path.open("ab") as file:
            file.write(b'{"n":0}\n')

    sent_around(path, emptied, rotate_bytes=16)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.jsonl"]
    path.unlink()

    sent_around(path, grown, rotate_bytes=16)
    assert path.with_name("out.jsonl.000001").read_bytes() == b'{"n":1}\n{"n":0}\n'
    assert path.read_bytes() == b'{"n":2}\n{"n":3}\n'


def test_stdout_gets_one_event_a_line() -> None:
    """And is left open."""
    stream = io.BytesIO()

    answer = asyncio.run(Stdout(stream).send("Acme", [b'{"n":1}', b'{"n":2}']))

    assert answer == Accepted()
    assert stream.getvalue() == b'{"n":1}\n{"n":2}\n'


def test_a_closed_pipe_is_tried_again() -> None:
    """Nothing is lost because nobody reads just now."""
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "wb", buffering=0) as stream:
        answer = asyncio.run(Stdout(stream).send("Acme", [b"{}"]))

    assert answer == Retry(None, "BrokenPipeError")
