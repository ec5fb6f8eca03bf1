"""Where the gateway's app finds its endpoint."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.routing import Mount, Router

from springhead import Host
from springhead.gateway import gateway_app
from springhead.gateway.settings import load_settings
from support.gateways import SOURCE, toml


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/webhook", 200),
        ("/a/b/v1/webhook", 200),
        ("/mounted/v1/webhook", 200),
        ("/mounted/a/b/v1/webhook", 200),
        ("/v1/webhook/", 404),
        ("/v1/webhooks", 404),
        ("/b/v1/webhook", 404),
        ("/mounted/b/v1/webhook", 404),
    ],
)
def test_webhooks_are_accepted_at_their_path(tmp_path: Path, path: str, status: int) -> None:
    """As it is, under the path of the public URL, and in an app that mounts the gateway."""
    sections = {"gateway": {"public_url": "https://hooks.example.com/a/b"}}
    (tmp_path / "springhead.toml").write_text(toml(sections, SOURCE))
    app = gateway_app(Host(), load_settings(tmp_path / "springhead.toml"))

    async def scenario() -> int:
        transport = httpx.ASGITransport(Router([Mount("/mounted", app), Mount("/", app)]))
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.lifespan_context(app), client:
            query = {"writeKey": SOURCE["write_key"][0]}
            return (await client.post(path, params=query, json={"type": "s", "log_id": "1"})).status_code

    assert asyncio.run(scenario()) == status
