"""What the document about deploying says holds: its figures, its backup and its scrape job."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from springhead.gateway.settings.model import LimitSettings, StoreSettings
from springhead.gateway.storage.sqlite import dedup
from springhead.gateway.storage.sqlite.store import ID_SHARE
from support.gateways import gateway
from support.markdown import blocks, rows_below
from support.paths import ROOT

DOCUMENT = ROOT / "docs" / "deploying.md"
DAY = 86_400
EVENT = 2_800
"""Bytes that an undelivered event of 2,000 bytes takes, as the document says."""


def block(text: str) -> str:
    """The block that holds this text."""
    return next(block.text for block in blocks(DOCUMENT, "") if text in block.text)


def test_the_table_of_sizes_follows_from_the_defaults() -> None:
    """Ids take 27 bytes, and half of `max_bytes` at most; events take what is left."""
    defaults = StoreSettings()
    rows = rows_below(
        DOCUMENT, "events a second, of 2,000 bytes", "ids of 7 days", "lasts without a data plane"
    )

    assert len(rows) == 5
    for rate, ids, lasts in rows:
        each_second = int(rate.replace(",", ""))
        wanted = each_second * defaults.window_days * DAY * dedup.BYTES
        kept = min(wanted, defaults.max_bytes * ID_SHARE)
        seconds = (defaults.max_bytes - kept) / EVENT / each_second
        hours, days = f"{seconds / 3600:.1f} hours", f"{seconds / DAY:.0f} days"
        assert ids.split(",")[0] == f"{kept / 1e9:.1f} GB"
        assert lasts in (hours, f"{seconds / 3600:.0f} hours", days)


def test_the_memory_follows_from_the_defaults() -> None:
    """60 MB at rest, the bodies, and the buffers of calls whose body is being sent."""
    limits = LimitSettings()
    most = 60 + limits.memory / 1e6 + 0.3 * limits.waiting

    assert f"{round(most, -1):.0f} MB at most" in DOCUMENT.read_text()


def test_the_scrape_job_is_the_one_of_the_alerts() -> None:
    """Their rules ask for it by its name."""
    (job,) = yaml.safe_load(block("scrape_configs"))["scrape_configs"]
    rules = (ROOT / "deploy/prometheus/springhead.rules.yml").read_text()

    assert f'{{job="{job["job_name"]}"}}' in rules


def test_the_variables_are_those_of_the_settings() -> None:
    """In the file that Compose reads, and from which Kubernetes' secret is made."""
    settings = (ROOT / "deploy/settings/springhead.toml").read_text()
    names = [line.partition("=")[0] for line in block("ADMIN_TOKEN=").splitlines()]

    assert set(names) == set(re.findall(r"\$\{(\w+)\}", settings))


@pytest.mark.slow
def test_a_backup_of_a_running_gateway_can_be_restored(tmp_path: Path) -> None:
    """By the commands of the document: what it held is there, and later duplicates of it are recognised."""
    with gateway(tmp_path) as server:
        server.sent()
        assert server.post({"type": 7}).status_code == 400
        subprocess.run(["/bin/sh", "-ec", block("VACUUM INTO")], cwd=server.data, check=True)
        server.sent([{"log_id": "2", "data": {"type": "s", "user_id": "auth0|1"}}])
        kept = (server.data / "backup.sqlite").stat()
    subprocess.run(["/bin/sh", "-ec", block("mv backup.sqlite")], cwd=server.data, check=True)
    with gateway(tmp_path) as restored:
        assert restored.post().text == "ok"
        accepted, letters = restored.kept()

    assert kept.st_mode & 0o777 == 0o600
    assert (accepted, letters) == (1, 1)
    assert list((restored.data / "replaced").glob("store.sqlite*"))
