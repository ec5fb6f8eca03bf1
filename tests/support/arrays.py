"""The arrays rudder-server posts to the transformer."""

from __future__ import annotations

import json
from typing import Any

import httpx

from support.servers import LOCAL, Server

LOG = json.dumps({"log_id": "1", "data": {"type": "s", "user_id": "auth0|1"}})
ARRAY = json.dumps([{"request": {"body": LOG}}]).encode()


def post(server: Server, body: bytes = ARRAY, source: str = "auth0", **more: Any) -> httpx.Response:
    """Post an array."""
    headers = {"Content-Type": "application/json"} | more.pop("headers", {})
    url = f"{server.url}/v2/sources/{source}"
    return httpx.post(url, content=body, headers=headers, **LOCAL, timeout=30, **more)
