"""Checks the clock, by which ids expire and signatures are too old."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from ..settings import Settings
from ..storage.sqlite.clock import UNSET_BEFORE
from .result import CheckResult
from .sqlite_store import last_sweep

_TIMEOUT = 5.0
"""Seconds to wait for the data plane's time."""
_TOLERANCE = 60.0
"""Seconds of difference that do no harm: most vendors' signatures are good for 300."""
_ADVICE = "synchronise it, with NTP for example"


def check_clock(settings: Settings) -> Iterator[CheckResult]:
    """Compare the clock with the time of the last sweep of the store, and with the data plane's."""
    now = time.time()
    if now < UNSET_BEFORE:
        yield CheckResult("clock", "problem", f"the clock says {_iso(now)}: it was never set", _ADVICE)
        return
    swept = last_sweep(settings)
    if swept is not None and now < swept - _TOLERANCE:
        reason = f"the clock says {_iso(now)}, but the store was in use at {_iso(swept)}"
        yield CheckResult("clock", "problem", reason, _ADVICE)
        return
    yield _compare(settings)


def _compare(settings: Settings) -> CheckResult:
    reference = _time_of_data_plane(settings)
    now = time.time()
    if reference is None:
        return CheckResult("clock", "ok", f"the clock says {_iso(now)}; nothing to compare it with")
    difference = abs(now - reference)
    if difference > _TOLERANCE:
        reason = f"the clock says {_iso(now)}, the data plane {_iso(reference)}"
        return CheckResult("clock", "problem", reason, _ADVICE)
    return CheckResult("clock", "ok", f"the clock is {difference:.0f} seconds from the data plane's")


def _time_of_data_plane(settings: Settings) -> float | None:
    """The time in an answer of the data plane, whatever it answers; None if it says none."""
    delivery = settings.delivery
    if not delivery.to.startswith("http"):
        return None
    try:
        context = httpx.create_ssl_context()
        url = f"{delivery.to.rstrip('/')}/health"
        response = httpx.get(url, timeout=_TIMEOUT, verify=context, trust_env=delivery.proxies)
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (httpx.HTTPError, OSError, KeyError, ValueError):
        return None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
