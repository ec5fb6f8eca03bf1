"""Whether a gateway is up, and which version it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from support.gateways import Gateway, gateway
from support.servers import LOCAL, until
from support.stores import FILE
from support.webhooks import log


def test_health_has_the_shape_of_rudder_server(here: Gateway) -> None:
    """At both paths. /ready says whether an event could be stored, which rudder-server does not."""
    health = here.get("/health")

    assert health.status_code == 200
    assert health.json() == {
        "appType": "GATEWAY",
        "server": "UP",
        "db": "UP",
        "acceptingEvents": "TRUE",
        "routingEvents": "TRUE",
        "mode": "NORMAL",
        "version": health.json()["version"],
    }
    assert here.get("/").json() == health.json()
    assert here.get("/health", "HEAD").status_code == 200
    assert (here.get("/ready").status_code, here.get("/ready").text) == (200, "ready\n")
    assert here.get("/version").json() == {"Version": health.json()["version"]}


def execute(store: Path, statement: str) -> None:
    """Change a store behind the back of its gateway."""
    with closing(sqlite3.connect(store / FILE, timeout=10)) as connection:
        connection.execute(statement)


@pytest.mark.slow
def test_a_gateway_that_cannot_store_events_is_not_ready(tmp_path: Path) -> None:
    """Neither address says ready while every write fails; it is ready again without a call of a sender."""
    with gateway(tmp_path) as one:
        execute(one.data, "CREATE TRIGGER broken BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END")

        refused = one.post(log()).status_code
        until(lambda: one.get("/ready").status_code == 503)
        reasons = {one.get("/ready").text, httpx.get(f"{one.admin_url}/ready", **LOCAL).text}
        execute(one.data, "DROP TRIGGER broken")
        until(lambda: one.get("/ready").status_code == 200)

        assert refused == 500
        assert reasons == {"an event cannot be stored: IntegrityError\n"}
        assert one.post(log()).text == "ok"


@pytest.mark.slow
def test_a_locked_store_makes_a_gateway_unready(tmp_path: Path) -> None:
    """The reason names no path of the machine."""
    with gateway(tmp_path) as one:
        with closing(sqlite3.connect(one.data / FILE, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            reason = until(lambda: "" if (ready := one.get("/ready")).is_success else ready.text)
            connection.execute("ROLLBACK")
        until(lambda: one.get("/ready").status_code == 200)

    assert reason.startswith("the store is locked by another process: ")
    assert str(tmp_path) not in reason
