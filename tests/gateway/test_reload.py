"""A running gateway reloads the sources of springhead.toml on SIGHUP, and loses nothing by it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.dataplanes import OK, Batch, Reply, data_plane_in_thread
from support.folders import source_folder
from support.gateways import KEY, SOURCE, Gateway, gateway, write_settings
from support.servers import SPRINGHEAD, free_port, until
from support.signatures import BODY, GITHUB, SECRET, SIGNED
from support.webhooks import log

pytestmark = pytest.mark.slow

NEW_KEY = "key-that-replaces-the-first"
OTHER: Mapping[str, Any] = {"name": "Other", "type": "auth0", "write_key": ["key-of-another-tenant"]}
OTHER_KEY = OTHER["write_key"][0]
AUTHORIZATION = "Bearer invented-authorization"
QUICK = {"retry_min": 0.01, "retry_max": 0.05, "breaker_pause": 0.05}


def reload(server: Gateway, *sources: Mapping[str, Any], **sections: Mapping[str, Any]) -> None:
    """Write new settings, and ask a gateway to reload them."""
    addresses = {"port": server.port, "admin": server.admin_url.removeprefix("http://")}
    addresses |= sections.get("gateway", {})
    write_settings(server.folder, *sources, **{**sections, "gateway": addresses})
    server.process.send_signal(signal.SIGHUP)


def logged(server: Gateway, event: str) -> list[dict[str, Any]]:
    """The log's lines about an event."""
    lines = (json.loads(line) for line in server.log.read_text().splitlines())
    return [line for line in lines if line["event"] == event]


def reloaded(server: Gateway, *sources: Mapping[str, Any], **sections: Mapping[str, Any]) -> None:
    """Write new settings, and wait until a gateway uses them."""
    before = len(logged(server, "the sources are reloaded"))
    reload(server, *sources, **sections)
    until(lambda: len(logged(server, "the sources are reloaded")) > before)


def test_everything_about_a_source_is_reloaded(tmp_path: Path) -> None:
    """Its keys, its authorization, its own settings, what it answers, and whether it is enabled."""
    login = log(details={"body": {"password": "invented"}})
    with gateway(tmp_path) as server:
        settings = {"redact": "secrets"}
        reloaded(server, {**SOURCE, "write_key": [NEW_KEY], "settings": settings, "on_rejection": "ok"})
        old_key = server.post(log())
        (event,) = server.sent(login, key=NEW_KEY)
        lenient = server.post({"type": 7}, NEW_KEY)

        reloaded(server, {**SOURCE, "write_key": [KEY, NEW_KEY], "authorization": AUTHORIZATION})
        unauthorized = server.post(log())
        authorized = [
            server.post(log(), key, headers={"Authorization": AUTHORIZATION}) for key in (KEY, NEW_KEY)
        ]

        reloaded(server, {**SOURCE, "enabled": False})
        disabled = server.post(log())

    assert (old_key.status_code, old_key.text) == (401, "invalid write key\n")
    assert event["properties"]["details"]["body"]["password"] == "*****"  # noqa: S105 - a mask
    assert lenient.text == "ok"
    assert unauthorized.text == "invalid authorization\n"
    assert [answer.text for answer in authorized] == ["ok", "ok"]
    assert (disabled.status_code, disabled.text) == (404, "source is disabled\n")


def test_a_signing_secret_is_reloaded(tmp_path: Path) -> None:
    """From then on, calls that the vendor did not sign are refused."""
    folder = source_folder(tmp_path, source={"name": "acme", "signature": GITHUB})
    acme = {**SOURCE, "type": "acme"}
    with gateway(tmp_path, acme, folders=(folder,)) as server:
        warnings = [line["source"] for line in logged(server, "source without a signing_secret")]
        before = server.post(BODY)

        reloaded(server, {**acme, "signing_secret": SECRET})
        unsigned, signed = server.post(BODY), server.post(BODY, headers={"X-Hub-Signature-256": SIGNED})

        reload(server, {**acme, "signing_secret": "  "})
        until(lambda: bool(logged(server, "the settings are not reloaded")))
        still_unsigned = server.post(BODY)

    assert warnings == [SOURCE["name"]]
    assert [answer.status_code for answer in (before, unsigned, signed, still_unsigned)] == [200, 401, 200, 401]
    assert SECRET not in server.log.read_text()


def test_sources_come_and_go(tmp_path: Path) -> None:
    """A new one is delivered at once; one that is gone accepts nothing more, but what it has is delivered."""
    is_up = False

    def answer(_: Batch) -> Reply:
        return OK if is_up else (503, {}, "down")

    with data_plane_in_thread(answer) as plane:
        delivery = {"to": plane.url, **QUICK}
        with gateway(tmp_path, delivery=delivery) as server:
            first = server.post(log())
            reloaded(server, OTHER, delivery=delivery)
            gone, new = server.post(log()), server.post(log(), OTHER_KEY)
            is_up = True
            until(lambda: len(set(plane.taken)) == 2)
            removed = logged(server, "a source is no longer in the settings")

            reloaded(server, SOURCE, OTHER, delivery=delivery)
            back = server.post(log())
            until(lambda: len(set(plane.taken)) == 3)

    assert [answer.text for answer in (first, new, back)] == ["ok"] * 3
    assert gone.status_code == 401
    assert [line["source"] for line in removed] == ["Auth0"]
    assert {batch.key for batch in plane.came} == {KEY, OTHER_KEY}


def test_a_call_in_flight_finishes_with_the_source_it_began_with(tmp_path: Path) -> None:
    """Even if that is gone by then."""
    body = json.dumps(log()).encode()
    head = f"POST /v1/webhook?writeKey={KEY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    with gateway(tmp_path) as server, server.wire() as wire:
        wire.sendall(head.encode() + body[:20])
        until(lambda: server.post(log()).text == "ok")  # by now the first call has been read
        reloaded(server, OTHER)
        gone = server.post(log())
        wire.sendall(body[20:])
        answer = b""
        while not answer.endswith(b"\r\n\r\nok"):
            answer += wire.recv(10_000)

        assert gone.status_code == 401
        assert len(server.delivered(2)) == 2


def test_a_file_with_a_mistake_changes_nothing(tmp_path: Path) -> None:
    """Each problem is logged: of the file, and of the sources in it."""
    with gateway(tmp_path) as server:
        reload(server, {**SOURCE, "write_key": ["short"]}, {**OTHER, "tpye": "auth0"})
        until(lambda: len(logged(server, "the settings are not reloaded")) == 2)
        reload(server, SOURCE, {**OTHER, "type": "auht0"})
        until(lambda: len(logged(server, "the settings are not reloaded")) == 3)
        (server.folder / "springhead.toml").write_text("[gateway")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: len(logged(server, "the settings are not reloaded")) == 4)

        problems = [line["problem"] for line in logged(server, "the settings are not reloaded")]
        answers = [server.post(log()).status_code, server.post(log(), OTHER_KEY).status_code]

    assert "[[source]] 1 write_key: must have at least 16 characters" in problems[0]
    assert "[[source]] 2 tpye: there is no such key - did you mean type?" in problems[1]
    assert "[[source]] 2 type: no active source 'auht0'" in problems[2]
    assert "springhead.toml:1: not valid TOML" in problems[3]
    assert answers == [200, 401]
    assert logged(server, "the sources are reloaded") == []


def test_what_cannot_change_is_named(tmp_path: Path) -> None:
    """One line for each key; the sources in the same file are reloaded."""
    with gateway(tmp_path) as server:
        sections: dict[str, Any] = {
            "gateway": {"data": "elsewhere", "access_log": True},
            "limits": {"body": 10},
        }
        reloaded(server, SOURCE, OTHER, delivery={"to": "file:other.jsonl"}, **sections)
        answer = server.post(log(), OTHER_KEY)

        assert answer.text == "ok"
        assert len(server.delivered(1)) == 1

    keys = [line["key"] for line in logged(server, "a setting changes only at the next start")]
    assert keys == ["[gateway] data", "[gateway] access_log", "[delivery] to", "[limits] body"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_worker_that_is_replaced_uses_what_was_reloaded(tmp_path: Path) -> None:
    """Even if the file has a mistake by then."""
    with gateway(tmp_path) as server:
        reloaded(server, OTHER)
        (server.folder / "springhead.toml").write_text("[gateway")
        (worker,) = server.workers()
        os.kill(worker, signal.SIGKILL)
        until(lambda: server.workers() not in ([], [worker]))

        until(lambda: is_ok(server, OTHER_KEY))
        assert server.post(log()).status_code == 401


def test_a_signal_that_comes_before_the_worker_is_ready_is_not_lost(tmp_path: Path) -> None:
    """It waits: the file may have changed since it was read."""
    ports = free_port(), free_port()
    addresses = {"port": ports[0], "admin": f"127.0.0.1:{ports[1]}"}
    config = write_settings(tmp_path, SOURCE, gateway=addresses)
    command = [SPRINGHEAD, "serve", "gateway", "--config", str(config), "--log-format", "json"]
    log_file = tmp_path / "log"
    with log_file.open("wb") as file, subprocess.Popen(command, stderr=file, start_new_session=True) as process:
        server = Gateway(
            f"http://127.0.0.1:{ports[0]}", process, log_file, tmp_path, f"http://127.0.0.1:{ports[1]}"
        )
        try:
            until(lambda: logged(server, "serving"))  # the supervisor is about to fork the worker
            reload(server, SOURCE, OTHER)

            until(lambda: is_ok(server, OTHER_KEY))
            assert server.stop() == 0
        finally:
            server.kill()


def is_ok(server: Gateway, key: str) -> bool:
    """Whether a call with a key is accepted."""
    try:
        return server.post(log(), key).text == "ok"
    except httpx.TransportError:
        return False


def test_a_new_key_at_the_data_plane_ends_the_hold_of_a_source(tmp_path: Path) -> None:
    """Its events wait no longer than until the reload, however long the pause is."""

    def answer(batch: Batch) -> Reply:
        return OK if batch.key == "the-right-key" else (401, {}, "invalid write key")

    with data_plane_in_thread(answer) as plane:
        delivery = {"to": plane.url, **QUICK, "breaker_pause": 3_600}
        with gateway(tmp_path, delivery=delivery) as server:
            assert server.post(log()).text == "ok"
            until(lambda: logged(server, "the destination accepts nothing of a source; its events are kept"))

            reloaded(server, {**SOURCE, "destination_write_key": "the-right-key"}, delivery=delivery)

            until(lambda: len(plane.taken) == 1)
        assert "the-right-key" not in server.log.read_text()


def test_no_event_is_lost_or_doubled_by_reloads_under_load(tmp_path: Path) -> None:
    """Each call is answered ok, and its event is delivered once."""
    with gateway(tmp_path) as server:
        for number in range(60):
            if number % 3 == 0:
                sources = (SOURCE, OTHER) if number % 2 else (SOURCE,)
                reload(server, *sources)
            assert server.post(log()).text == "ok"
        events = server.delivered(60)

    assert len({event["messageId"] for event in events}) == len(events) == 60
