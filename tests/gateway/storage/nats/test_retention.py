"""How many dead letters a sweep leaves."""

from __future__ import annotations

from typing import Any

import pytest

from springhead.gateway.storage.nats import retention
from springhead.gateway.storage.records import Removal
from support.stores import NatsBackend, letter

pytestmark = pytest.mark.parametrize("backend", ["nats"], indirect=True)


def test_a_sweep_leaves_no_more_than_may_be_kept(backend: NatsBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many came since the last one: the stream would drop the oldest of any source."""
    monkeypatch.setattr(retention, "MOST", 5)

    async def scenario(store: Any) -> None:
        (first,) = (await store.append([], [letter(source="other")], None)).dead_letters
        many = [letter(record=b"%d" % number + b" " * 1_000) for number in range(100)]
        await store.append([], many, None)
        (removal,) = await store.sweep()
        assert removal == Removal("auth0", "dead_letter", "size", removal.count)
        assert (await store.counts()).space.dead_letters <= 50_000
        assert await store.dead_letter(first) is not None

    backend.use(scenario, dead_letter_bytes=50_000)
