"""Whether a gateway is up, and which version it is."""

from __future__ import annotations

from support.gateways import Gateway


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
