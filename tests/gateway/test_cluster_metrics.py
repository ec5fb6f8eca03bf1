"""What a gateway measures of the cluster that keeps its events."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from support.deliveries import sample
from support.gateways import Gateway, gateway
from support.nats_nodes import cluster
from support.servers import LOCAL, until

pytestmark = pytest.mark.slow


def metric(server: Gateway, name: str) -> float:
    """The value of a metric."""
    text = httpx.get(f"{server.admin_url}/metrics", **LOCAL, timeout=30).raise_for_status().text
    return sample(text, f"springhead_gateway_cluster_{name}", {})


def seconds_since_write(server: Gateway) -> float:
    """How long ago the cluster stored something of a gateway."""
    return time.time() - metric(server, "written_timestamp_seconds")


def test_it_says_who_delivers_and_whether_the_cluster_stores_anything(tmp_path: Path) -> None:
    """Also while that stores nothing and answers nothing, when it is back, and when a gateway has died."""
    with cluster(tmp_path / "nats", count=1) as (node,), ExitStack() as stack:
        store = {"url": node.url, "replicas": 1}
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
        one, two = (stack.enter_context(gateway(tmp_path / name, store=store)) for name in ("one", "two"))
        until(lambda: [metric(each, "buckets") for each in (one, two)] == [8, 8])
        until(lambda: metric(one, "unowned_buckets") == 0)
        assert metric(one, "publishes_total") > 0
        assert metric(one, "reconnects_total") == 0

        node.stop(signal.SIGKILL)
        until(lambda: seconds_since_write(one) > 4)

        node.start()
        until(lambda: seconds_since_write(one) < 3)
        until(lambda: metric(one, "buckets") + metric(two, "buckets") == 16)
        assert metric(one, "reconnects_total") > 0

        two.kill()
        until(lambda: metric(one, "unowned_buckets") > 0)  # once the leases of the one that died end
        until(lambda: metric(one, "buckets") == 16)
        until(lambda: metric(one, "unowned_buckets") == 0)
