"""`springhead dead replay` processes dead letters again, beside a server or without one."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from springhead.gateway import replay
from springhead.gateway.storage.records import NewEvent, Receipt, StoreFull
from springhead.gateway.storage.sqlite import SqliteStore
from support.commands import GatewayFolder, dead_letter, springhead
from support.folders import source_folder
from support.gateways import LOG, SOURCE, write_settings
from support.gateways import gateway as running_gateway
from support.stores import use

RECORD = json.dumps(LOG).encode()


def use_acme(gateway: GatewayFolder) -> None:
    """Let the gateway's source be of the type `acme`."""
    write_settings(gateway.path, {**SOURCE, "name": "auth0", "type": "acme"})


def test_a_dry_run_says_what_a_replay_does(gateway: GatewayFolder) -> None:
    """It changes nothing; without it the same happens, and exit code 0 says that none is left."""
    gateway.add(dead_letter(RECORD), dead_letter(json.dumps({**LOG, "log_id": "9"}).encode()))

    tried = gateway.run("dead", "replay", "--rule", "schema/type", "--dry-run")
    before = (len(gateway.letters()), len(gateway.events()))
    done = gateway.run("dead", "replay", "1", "2")

    assert tried.stdout == done.stdout == "1  gone  1 event (track)\n2  gone  1 event (track)\n"
    assert tried.stderr == "2 dead letters: 2 gone (2 events), 0 still dead; nothing was changed\n"
    assert done.stderr == "2 dead letters: 2 gone (2 events), 0 still dead\n"
    assert (tried.returncode, before, done.returncode) == (0, (2, 0), 0)
    assert (gateway.letters(), len(gateway.events())) == ([], 2)


def test_a_body_that_could_not_be_inflated_stays_dead(gateway: GatewayFolder) -> None:
    """Its bytes are what they were, even where they happen to be JSON; it says why."""
    broken: dict[str, Any] = {
        "rule": "body/encoding",
        "reason": "the encoded body is cut off",
        "decodable": False,
    }
    gateway.add(dead_letter(b"\x1f\x8b", **broken), dead_letter(RECORD, **broken))

    done = gateway.run("dead", "replay", "--all")

    assert done.stdout.splitlines() == [
        f"{number}  dead  still body/encoding: the encoded body is cut off" for number in (1, 2)
    ]
    assert (done.returncode, gateway.events()) == (1, [])


def test_a_duplicate_is_not_stored_again(gateway: GatewayFolder) -> None:
    """Two records of one id make one event."""
    gateway.add(dead_letter(b'{"log_id": "1", "type": "s"}'), dead_letter(b'{"type": "s", "log_id": "1"}'))

    done = gateway.run("dead", "replay", "--all")

    assert done.stdout.splitlines() == [
        "1  gone  1 event (track)",
        "2  gone  1 event (track), 1 of them accepted before, and not stored again",
    ]
    assert done.stderr == "2 dead letters: 2 gone (1 event), 0 still dead\n"


def test_a_refused_event_that_was_accepted_once_more_is_not_stored_again(gateway: GatewayFolder) -> None:
    """Its sender posted it after the window, while the letter was still kept."""
    event = b'{"type": "track", "messageId": "1", "userId": "ada"}'
    gateway.add(dead_letter(b"", "delivery/400", event=event))

    async def accept(store: SqliteStore) -> None:
        await store.append([NewEvent("auth0", "1", "ada", event)], [], None)

    use(gateway.data, accept)

    assert gateway.run("dead", "replay", "1").stdout == (
        "1  gone  1 event (track), accepted once more since, and not stored again\n"
    )
    assert len(gateway.events()) == 1


def test_a_letter_that_came_often_is_replayed_as_often(gateway: GatewayFolder) -> None:
    """Heartbeats have neither id nor time, so each is an event; retries of a record with an id are one."""
    heartbeat, record = dead_letter(b'{"type": "s"}'), dead_letter(b'{"type": "s", "log_id": "1"}')
    for _ in range(5):
        gateway.add(heartbeat, record)

    tried = gateway.run("dead", "replay", "--all", "--dry-run")
    done = gateway.run("dead", "replay", "--all")

    assert tried.stdout == done.stdout == "1  gone  5 events (track)\n2  gone  1 event (track)\n"
    assert done.stderr == "2 dead letters: 2 gone (6 events), 0 still dead\n"
    assert len({event["messageId"] for event in gateway.events()}) == 6


def test_a_letter_that_came_very_often_is_replayed_in_several_transactions(
    gateway: GatewayFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a letter came, all of it is replayed, and then it is gone."""
    monkeypatch.setattr(replay, "EVENTS_AT_ONCE", 10)
    gateway.add(*[dead_letter(b'{"type": "s"}')] * 25)

    done = gateway.run("dead", "replay", "--all")

    assert done.stdout == "1  gone  25 events (track)\n"
    assert (gateway.letters(), len(gateway.events())) == ([], 25)


def test_a_replay_that_was_interrupted_goes_on_where_it_stopped(
    gateway: GatewayFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of a letter becomes other events than those that were stored before."""
    monkeypatch.setattr(replay, "EVENTS_AT_ONCE", 10)
    gateway.add(*[dead_letter(b'{"type": "s"}')] * 25)
    with monkeypatch.context() as patch:
        append, calls = SqliteStore.append, count()

        async def full_at_second(store: SqliteStore, *arguments: Any, **named: Any) -> Receipt:
            if next(calls) == 1:
                raise StoreFull("the disk is full")
            return await append(store, *arguments, **named)

        patch.setattr(SqliteStore, "append", full_at_second)
        assert gateway.run("dead", "replay", "--all").returncode == 2

    assert [letter.count for letter in gateway.letters()] == [15]
    assert gateway.run("dead", "replay", "--all").stdout == "1  gone  15 events (track)\n"
    assert len({event["messageId"] for event in gateway.events()}) == 25


def test_a_replay_leaves_the_dead_letters_it_makes(gateway: GatewayFolder) -> None:
    """A record that makes an event and a rejection every time is replayed once."""
    mapping = {
        "integration": "Acme",
        "emit": "all",
        "events": [{"type": "track", "event": "Good"}, {"type": "track", "event": {"from": "name"}}],
    }
    folder = str(source_folder(gateway.path, mapping=mapping))
    use_acme(gateway)
    gateway.add(*[dead_letter(b'{"id": 1}', "event/name")] * 2)

    done = gateway.run("dead", "replay", "--all", "--folder", folder)

    assert done.stdout == "1  gone  2 events (track), 2 still rejected\n"
    assert [(letter.id, letter.count) for letter in gateway.letters()] == [(2, 2)]


def test_a_dead_letter_is_one_item(gateway: GatewayFolder) -> None:
    """A list in it, where the source's batches stand, is not a batch; undecodable bytes are a whole body."""
    about = {"api": 1, "name": "acme", "batch": ["logs"], "formats": ["json", "form"]}
    folder = str(source_folder(gateway.path, source=about))
    use_acme(gateway)
    gateway.add(dead_letter(b'{"logs": [{"a": 1}, {"b": 2}]}'), dead_letter(b"a=1&b=2", decodable=False))

    done = gateway.run("dead", "replay", "--all", "--folder", folder)

    assert done.stdout.splitlines() == ["1  gone  1 event (track)", "2  gone  1 event (track)"]
    assert (gateway.letters(), len(gateway.events())) == ([], 2)


def test_an_unknown_source_ends_it_first(gateway: GatewayFolder) -> None:
    """Before anything is replayed."""
    use_acme(gateway)
    gateway.add(dead_letter())

    done = gateway.run("dead", "replay", "--all")

    assert "no active source 'acme'" in done.stderr
    assert done.returncode == 2


@pytest.mark.slow
def test_a_running_server_delivers_what_is_replayed(tmp_path: Path) -> None:
    """It finds the events in the store; a record that is still wrong stays, with exit code 1."""
    write_settings(tmp_path, SOURCE)
    GatewayFolder(tmp_path).add(dead_letter(RECORD, source="Auth0"))

    with running_gateway(tmp_path) as server:
        server.post({"log_id": "2", "data": {"type": 7}})
        done = springhead(tmp_path, "dead", "replay", "--all")
        (event,) = server.delivered(1)

    assert done.stdout.splitlines() == [
        "1  gone  1 event (track)",
        "2  dead  still schema/type: type must be text: it is a number",
    ]
    assert (done.stderr, done.returncode) == ("2 dead letters: 1 gone (1 event), 1 still dead\n", 1)
    assert event["event"] == "Success Login"
