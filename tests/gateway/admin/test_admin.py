"""The admin address over HTTP: what it shows, what it changes, and for whom."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.admins import CHANGE, LOGIN, TOKEN, WRONG, Admin, admin_address
from support.dataplanes import data_plane_in_thread, refusing
from support.servers import LOCAL, SPRINGHEAD, free_port, until

NOWHERE = "http://127.0.0.1:9"
MASKED = "*****"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def open_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An admin address that asks for no token."""
    with admin_address(tmp_path_factory.mktemp("open")) as one:
        one.post(LOGIN, WRONG)
        yield one


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An admin address that asks for a token, on all of the machine's addresses."""
    with admin_address(tmp_path_factory.mktemp("closed"), token=TOKEN, host="0.0.0.0") as one:  # noqa: S104
        yield one


def messages(admin: Admin, count: int) -> list[tuple[str, Any]]:
    """The first messages of the stream: their names and their data."""
    found = []
    with httpx.stream("GET", f"{admin.url}/api/events", **LOCAL, timeout=10) as stream:
        name = ""
        for line in stream.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                found.append((name, json.loads(value)))
            if len(found) == count:
                break
    return found


@pytest.mark.slow
def test_the_status_reports_every_source(open_: Admin) -> None:
    """Its rate, backlog, dead letters and last rejections; never what was sent."""
    until(lambda: open_.status()["sources"][0]["rate_60s"])

    status = open_.status()

    source, old = status["sources"]
    assert (source["name"], source["type"], source["enabled"]) == ("Auth0", "auth0", True)
    assert (old["name"], old["enabled"], old["rate_60s"]) == ("Auth0, old", False, 0)
    assert source["rate_60s"] == pytest.approx(1 / 60)
    assert sum(source["last_60s"]) == 1
    assert source["dead_letters"] == status["dead_letters"] == 1
    (rejection,) = source["rejections"]
    assert rejection["rule"] == "schema/type"
    assert rejection["pointer"] == "/1/data/type"
    assert rejection["reason"] == "type must be text: it is a number"
    assert status["destination"]["down"] is False
    assert sum(status["store_parts"].values()) >= status["store_bytes"] > 0
    assert "ada" not in json.dumps(status)


@pytest.mark.slow
def test_the_status_reports_the_backlog(tmp_path: Path) -> None:
    """Its size, its age, and that the destination is down."""
    with admin_address(tmp_path, to=NOWHERE) as admin:
        admin.post(LOGIN)

        status = until(lambda: (found := admin.status())["destination"]["down"] and found)

    assert status["undelivered"] == status["sources"][0]["undelivered"] == 1
    assert status["sources"][0]["bytes"] > 0
    assert status["oldest_undelivered_seconds"] >= 0
    assert status["sources"][0]["oldest_undelivered_seconds"] == status["oldest_undelivered_seconds"]


def test_metrics_and_health_are_those_of_the_gateway(open_: Admin) -> None:
    """Metrics come in Prometheus' text format."""
    metrics = open_.call("/metrics")

    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'springhead_gateway_accepted_total{source="Auth0",type="track"} 1.0' in metrics.text
    assert open_.call("/health").json()["server"] == "UP"
    assert open_.call("/ready").text == "ready\n"


@pytest.mark.slow
def test_the_stream_begins_with_the_last_requests(open_: Admin) -> None:
    """Their events, with secrets, personal data and ids masked."""
    (_, status), (first, request), (second, _) = messages(open_, 3)

    assert status["sources"][0]["name"] == "Auth0"
    assert (first, second) == ("accepted", "status")
    assert (request["source"], request["past"], request["accepted"]) == ("Auth0", True, 1)
    assert [rejection["rule"] for rejection in request["rejections"]] == ["schema/type"]
    (event,) = request["events"]
    assert event["type"] == "track"
    assert re.fullmatch("…ada1#[0-9a-f]{4}", event["userId"])
    assert event["properties"]["details"]["body"]["password"] == MASKED
    assert "ada@" not in json.dumps(request)
    assert "|000" not in json.dumps(request)


@pytest.mark.slow
def test_the_stream_continues_with_new_requests(closed: Admin) -> None:
    """Where there are too many at once, the last ones are shown and the others counted."""
    with httpx.stream("GET", f"{closed.url}/api/events", headers=BEARER, **LOCAL) as stream:
        lines = stream.iter_lines()
        while next(lines) != "event: status":
            pass
        with ThreadPoolExecutor(8) as senders:
            list(senders.map(closed.post, ({**LOGIN, "log_id": str(number)} for number in range(100))))
        shown, skipped = 0, 0
        while shown + skipped < 100:
            if (line := next(lines)) == "event: accepted":
                request = json.loads(next(lines).removeprefix("data: "))
                shown += 1
            elif line == "event: skipped":
                skipped += json.loads(next(lines).removeprefix("data: "))["requests"]

    assert [event["event"] for event in request["events"]] == ["Success Login"]
    assert shown >= 20


def test_the_stream_counts_duplicates(tmp_path: Path) -> None:
    """Of each request: a retry has only duplicates, a batch that grew has new events as well."""
    other = {**LOGIN, "log_id": "3"}
    with admin_address(tmp_path) as admin:
        for logs in ([LOGIN], [LOGIN], [LOGIN, other]):
            admin.post(*logs)
        _, *requests = messages(admin, 4)

    assert [(request["accepted"], request["duplicates"]) for _, request in requests] == [(1, 0), (1, 1), (2, 1)]


@pytest.mark.slow
def test_dead_letters_come_by_filter_and_page(tmp_path: Path) -> None:
    """The oldest or the newest first; of the record only its size."""
    with admin_address(tmp_path) as admin:
        admin.post(WRONG, {**WRONG, "log_id": "3"}, WRONG)
        admin.post("no object")
        three, page = admin.letters(), admin.call("/api/dead?limit=2").json()
        rest = admin.call(f"/api/dead?limit=2&after={page['next']}").json()
        newest = admin.call("/api/dead?limit=2&order=newest").json()
        oldest = admin.letters(f"?order=newest&after={newest['next']}")
        by_rule = admin.letters("?rule=item/object&source=Auth0")
        by_age = admin.letters("?older_than=3600"), admin.letters("?younger_than=3600")
        wrong = ("limit=x", "after=-1", "older_than=nan", "order=x", "a=1")
        refused = [admin.call(f"/api/dead?{query}") for query in wrong]

    assert [letter["rule"] for letter in three] == ["schema/type", "schema/type", "item/object"]
    assert [letter["count"] for letter in three] == [2, 1, 1]
    assert three[0]["pointer"] == "/0/data/type"
    assert (three[0]["holds"], three[0]["bytes"]) == ("record", len(json.dumps(WRONG).replace(" ", "")))
    assert "ada" not in json.dumps(three)
    assert (page["letters"], rest["letters"], rest["next"]) == (three[:2], three[2:], None)
    assert (newest["letters"], oldest) == ([three[2], three[1]], three[:1])
    assert by_rule == three[2:]
    assert by_age == ([], three)
    assert [answer.status_code for answer in refused] == [400] * 5
    assert "older_than and younger_than are seconds" in refused[0].json()["error"]
    assert "order is oldest or newest" in refused[3].json()["error"]
    assert "there is no filter 'a'" in refused[4].json()["error"]


@pytest.mark.slow
def test_a_dead_letter_is_replayed_after_a_dry_run(tmp_path: Path) -> None:
    """A dry run changes nothing; a replay is delivered at once."""
    refused = {"1"}

    with data_plane_in_thread(refusing(refused)) as plane, admin_address(tmp_path, to=plane.url) as admin:
        admin.post(LOGIN)
        admin.post_until(admin.letters)
        (letter,) = admin.letters()
        refused.clear()
        path = f"/api/dead/{letter['id']}/replay"

        tried = admin.call(f"{path}?dry_run=1", "POST", headers=CHANGE).json()
        kept = admin.letters()
        done = admin.call(path, "POST", headers=CHANGE).json()
        again = admin.call(path, "POST", headers=CHANGE)

        replayed = {
            "id": letter["id"],
            "gone": True,
            "events": 1,
            "summary": "1 event (track), to be delivered again",
        }
        assert letter["rule"] == "delivery/400"
        assert tried == {**replayed, "dry_run": True}
        assert kept == [letter]
        assert done == {**replayed, "dry_run": False}
        assert again.status_code == 404
        assert admin.letters() == []
        until(lambda: not admin.status()["undelivered"])
        assert len(plane.taken) == len(set(plane.taken)) > 1


def test_a_replay_that_changes_nothing_explains_why(open_: Admin) -> None:
    """The letter stays."""
    (letter,) = open_.letters()

    replayed = open_.call(f"/api/dead/{letter['id']}/replay", "POST", headers=CHANGE).json()

    assert replayed["gone"] is False
    assert replayed["summary"] == "still schema/type: type must be text: it is a number"
    assert open_.letters() == [letter]


def test_a_dead_letter_is_dropped_once(closed: Admin) -> None:
    """After that it is not found, like a letter that never existed, whatever its number."""
    closed.post(WRONG)
    (letter,) = closed.call("/api/dead", headers=BEARER).json()["letters"]
    path = f"/api/dead/{letter['id']}"

    answers = [
        closed.call(one, "DELETE", headers=CHANGE | BEARER)
        for one in (path, path, f"/api/dead/{10**30}", f"/api/dead/{'9' * 5_000}")
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 404, 404]
    assert closed.call("/api/dead", headers=BEARER).json()["letters"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Springhead": "0"},
        {**CHANGE, "Origin": "https://example.com"},
        {**CHANGE, "Origin": "null"},
        {**CHANGE, "Origin": "http://["},
    ],
)
def test_a_foreign_page_changes_nothing(open_: Admin, headers: dict[str, str]) -> None:
    """A browser lets it send neither the header nor the Origin that a change needs."""
    (letter,) = open_.letters()

    answers = [
        open_.call(f"/api/dead/{letter['id']}", "DELETE", headers=headers),
        open_.call(f"/api/dead/{letter['id']}/replay", "POST", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert open_.letters() == [letter]


def test_a_rebound_name_is_refused(open_: Admin) -> None:
    """The address answers only to its own names, on any port, since a tunnel changes the port."""
    named = {name: open_.call("/api/status", headers={"Host": name}).status_code for name in (
        "localhost", "LOCALHOST:9", "[::1]:9", "127.0.0.1", "evil.example.com", "127.0.0.1.example.com", "[", ""
    )}  # fmt: skip

    assert named == {
        **dict.fromkeys(("localhost", "LOCALHOST:9", "[::1]:9", "127.0.0.1"), 200),
        **dict.fromkeys(("evil.example.com", "127.0.0.1.example.com", "[", ""), 403),
    }


def test_every_answer_has_its_security_headers(open_: Admin) -> None:
    """Errors too. Nothing is cached or framed, and no script runs but the page's own file."""
    answers = [
        open_.call("/"),
        open_.call("/nothing"),
        open_.call("/api/dead/1", "DELETE"),
        open_.call("/health"),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 403, 200]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/status", "/api/events", "/api/dead", "/nothing"])
def test_nothing_is_shown_without_the_token(closed: Admin, path: str) -> None:
    """Nor with the token in a place where it is not looked for."""
    answers = [
        closed.call(path),
        closed.call(path, headers={"Authorization": f"Basic {TOKEN}"}),
        closed.call(f"{path}?token={TOKEN}"),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


def test_a_wrong_token_opens_nothing(closed: Admin) -> None:
    """Neither as a bearer token nor as a session, which the token itself is not."""
    answers = [
        closed.call("/api/status", headers={"Authorization": "Bearer wrong"}),
        closed.call("/api/status", headers={"Cookie": f"springhead_admin={TOKEN}"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401]


def test_the_token_opens_everything(closed: Admin) -> None:
    """As a bearer token, under whatever name a reverse proxy or a cluster gives the address."""
    headers = BEARER | {"Host": "springhead.example.com"}

    assert closed.call("/api/status", headers=headers).status_code == 200
    assert closed.call("/api/dead/9", "DELETE", headers=headers).status_code == 403
    assert closed.call("/api/dead/9", "DELETE", headers=headers | CHANGE).status_code == 404


def test_health_needs_no_token(closed: Admin) -> None:
    """A probe has none. Neither does the style sheet of the page that asks for it."""
    assert closed.call("/health").status_code == 200
    assert closed.call("/ready").status_code == 200
    assert closed.call("/page.css").headers["content-type"].startswith("text/css")


def test_the_page_takes_the_token_once(closed: Admin) -> None:
    """It becomes a session that no script sees and no other site sends, and is part of no URL."""
    signed = closed.call("/", "POST", data={"token": TOKEN})
    cookie = signed.headers["set-cookie"]
    session = {"Cookie": cookie.partition(";")[0]}

    assert (signed.status_code, signed.headers["location"]) == (303, "./")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert closed.call("/", headers=session).status_code == 200
    assert closed.call("/api/status", headers=session).status_code == 200
    assert closed.call("/", "POST", data={"token": TOKEN}, headers=session).status_code == 303
    assert TOKEN not in closed.server.log.read_text()


@pytest.mark.parametrize(
    "form",
    [{"token": "wrong"}, {"token": ""}, {}, {"token": TOKEN + " "}, {"more": "x" * 5000, "token": TOKEN}],
)
def test_a_wrong_token_is_asked_for_again(closed: Admin, form: dict[str, str]) -> None:
    """The page says that it was wrong, though not before the first attempt, and starts no session."""
    answer = closed.call("/", "POST", data=form)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "The token is wrong." in answer.text
    assert "The token is wrong." not in closed.call("/").text
    assert "set-cookie" not in answer.headers


def test_nobody_signs_in_where_there_is_no_token(open_: Admin) -> None:
    """A POST is a change like any other."""
    assert open_.call("/", "POST", data={"token": TOKEN}).status_code == 403
    assert open_.call("/", "POST", data={"token": TOKEN}, headers=CHANGE).status_code == 405


def test_open_streams_end_with_the_gateway(tmp_path: Path) -> None:
    """They end whole, and the address is free again."""
    with admin_address(tmp_path) as admin:
        port = int(admin.url.rpartition(":")[2])
        with httpx.stream("GET", f"{admin.url}/api/events", **LOCAL, timeout=10) as stream:
            lines = stream.iter_lines()
            next(lines)

            code = admin.server.stop()

            assert code == 0, admin.server.log.read_text()
            assert list(lines)[-1] == ""  # a stream that was cut off would raise
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))


def test_clients_that_hang_do_not_hold_the_gateway(tmp_path: Path) -> None:
    """One reads nothing, one sends half a request: the gateway stops without them."""
    with admin_address(tmp_path) as admin:
        address = ("127.0.0.1", int(admin.url.rpartition(":")[2]))
        with socket.create_connection(address) as half, socket.create_connection(address) as silent:
            half.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            silent.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            silent.recv(1)

            code = admin.server.stop()

    assert code == 0, admin.server.log.read_text()


@pytest.mark.slow
def test_a_taken_admin_address_stops_the_start(tmp_path: Path) -> None:
    """Before anything is served."""
    with admin_address(tmp_path) as admin:
        settings = tmp_path / "other.toml"
        text = (tmp_path / "springhead.toml").read_text()
        settings.write_text(text.replace("[gateway]", '[gateway]\ndata = "other"'))
        port = admin.url.rpartition(":")[2]

        done = subprocess.run(
            [SPRINGHEAD, "serve", "gateway", "--config", str(settings)],
            env={**os.environ, "SPRINGHEAD_GATEWAY__PORT": str(free_port())},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: another process listens there" in done.stderr
