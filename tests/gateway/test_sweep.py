"""What a gateway does about a sweep of its store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from springhead import Host
from springhead.gateway import app as module
from springhead.gateway.app import Gateway
from springhead.gateway.settings import load_settings
from springhead.gateway.storage.records import StoreBusy, Swept
from support.deliveries import until_true
from support.gateways import SOURCE, write_settings


def swept(folder: Path, *results: Swept | Exception) -> tuple[list[str], str]:
    """The log lines and metrics of a gateway whose sweeps end so, one after the other."""
    remaining = list(results)

    async def sweep() -> Swept:
        result = remaining.pop(0) if remaining else Swept(ids=0)
        if isinstance(result, Exception):
            raise result
        return result

    async def scenario() -> str:
        gateway = Gateway(Host(), load_settings(write_settings(folder, SOURCE)))
        gateway.store.sweep = sweep  # type: ignore[method-assign]
        async with gateway.app.lifespan_context(gateway.app):
            await until_true(lambda: not remaining)
            return gateway.metrics.render(await gateway.store.counts()).decode()

    with pytest.MonkeyPatch.context() as patch, capture_logs() as logs:
        patch.setattr(module, "SWEEP_SECONDS", 0)
        metrics = asyncio.run(scenario())
    return [line["event"] for line in logs if "sweep" in line["event"] or "ids" in line["event"]], metrics


def test_a_sweep_that_fails_is_logged_and_the_next_one_runs(tmp_path: Path) -> None:
    """Whatever the error is."""
    lines, metrics = swept(tmp_path, StoreBusy("locked"), RuntimeError("a bug"), Swept(ids=3))

    failed = "sweeping the store failed; retrying"
    assert lines == [failed, failed, "ids forgotten before window_days: no space"]
    assert "springhead_gateway_forgotten_ids_total 3.0\n" in metrics
