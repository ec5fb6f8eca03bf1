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
from springhead.gateway.storage.records import Removal, StoreBusy
from support.deliveries import until_true
from support.gateways import SOURCE, write_settings


def swept(folder: Path, *results: list[Removal] | Exception) -> tuple[list[str], str]:
    """The log lines and metrics of a gateway whose sweeps end so, one after the other."""
    remaining = list(results)

    async def sweep() -> list[Removal]:
        result = remaining.pop(0) if remaining else []
        if isinstance(result, Exception):
            raise result
        return result

    async def scenario() -> str:
        gateway = Gateway(Host(), load_settings(write_settings(folder, SOURCE)))
        gateway.store.sweep = sweep  # type: ignore[method-assign]
        async with gateway.app.lifespan_context(gateway.app):
            await until_true(lambda: not remaining)
            return (await gateway.metrics_text()).decode()

    with pytest.MonkeyPatch.context() as patch, capture_logs() as logs:
        patch.setattr(module, "SWEEP_SECONDS", 0)
        metrics = asyncio.run(scenario())
    return [line["event"] for line in logs if line["log_level"] in ("warning", "error")], metrics


def test_a_sweep_that_fails_is_logged_and_the_next_one_runs(tmp_path: Path) -> None:
    """Whatever the error is."""
    lines, metrics = swept(tmp_path, StoreBusy("locked"), RuntimeError("a bug"), [Removal("", "id", "size", 3)])

    failed = "sweeping the store failed; retrying"
    assert lines == [failed, failed, "ids of accepted events forgotten before window_days"]
    assert 'springhead_gateway_removed_total{kind="id",reason="size",source=""} 3.0\n' in metrics
