"""What a gateway counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from springhead.gateway.app import Gateway as WebhookGateway
from springhead.gateway.settings import load_settings
from support.gateways import KEY, SOURCE, toml
from support.hosts import HOST
from support.webhooks import AUTHORIZATION, log


def test_metrics_count_by_source_and_hold_no_key(tmp_path: Path) -> None:
    """A call that does not authenticate counts under an empty source."""
    config = tmp_path / "springhead.toml"
    config.write_text(toml({"delivery": {"to": "http://127.0.0.1:9"}}, SOURCE))

    async def scenario() -> tuple[str, int]:
        app = WebhookGateway(HOST, load_settings(config))
        transport = httpx.ASGITransport(app.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with app.app.lifespan_context(app.app), client:
            for key, body in ((KEY, [log(), 7]), (KEY, 8), ("unknown", log())):
                await client.post(
                    f"/v1/webhook?writeKey={key}", json=body, headers={"Authorization": AUTHORIZATION}
                )
            counts = await app.store.counts()
            return (await app.metrics_text()).decode(), counts.bytes_by_source["Auth0"]

    text, size = asyncio.run(scenario())

    assert size > 0
    for line in (
        f'source_bytes{{source="Auth0"}} {float(size)}',
        'requests_total{source="Auth0",status="200"} 1.0',
        'requests_total{source="Auth0",status="400"} 1.0',
        'requests_total{source="",status="401"} 1.0',
        'accepted_total{source="Auth0",type="track"} 1.0',
        'stored_total{source="Auth0"} 1.0',
        'rejected_total{rule="item/object",source="Auth0"} 2.0',
        'dead_letters{source="Auth0"} 2.0',
        'undelivered{source="Auth0"} 1.0',
    ):
        assert f"springhead_gateway_{line}\n" in text
    assert not any(secret in text for secret in (KEY, "unknown", AUTHORIZATION))
