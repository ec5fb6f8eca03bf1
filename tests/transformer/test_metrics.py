from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest

from support.arrays import post
from support.servers import LOCAL, Server, serving


def counted(server: Server) -> dict[str, float]:
    """The server's metrics by name and labels."""
    text = httpx.get(f"{server.url}/metrics", **LOCAL).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "3"])
def test_metrics_count_what_was_answered(tmp_path: Path, workers: str) -> None:
    """By source, and whichever worker is asked, of all of them together."""
    mixed = json.dumps(
        [{"request": {"body": json.dumps([{"type": "s"}, {"type": "ss", "user_id": "1"}, {"type": 7}, 8])}}, {}]
    )
    expected = {
        'springhead_requests_total{source="auth0",status="200"}': 20,
        'springhead_requests_total{source="auth0",status="400"}': 1,
        'springhead_elements_total{source="auth0"}': 40,
        'springhead_elements_total{source="unknown"}': 20,
        'springhead_events_total{source="auth0",type="track"}': 20,
        'springhead_events_total{source="auth0",type="identify"}': 20,
        'springhead_rejections_total{rule="schema/type",source="auth0"}': 20,
        'springhead_rejections_total{rule="item/object",source="auth0"}': 20,
        'springhead_request_seconds_count{source="auth0"}': 20,
        'springhead_request_bytes_total{source="auth0"}': 20 * len(mixed),
    }
    with serving(tmp_path, "transformer", "--workers", workers) as server:
        for _ in range(20):
            post(server, mixed.encode())
            post(server, source="nobody")
        post(server, b"{")

        found = counted(server)
        for _ in range(100):  # a request is counted just after it is answered
            if expected.items() <= found.items():
                break
            time.sleep(0.02)
            found = counted(server)

    assert found | expected == found
