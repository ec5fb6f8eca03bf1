"""How sources share the calls that may be in flight."""

from __future__ import annotations

import pytest

from springhead.gateway.ingest.fair_limit import FairLimit


def fill(limit: FairLimit, source: str) -> int:
    """How many calls of a source get in until one is refused."""
    count = 0
    while limit.enter(source):
        count += 1
    return count


def test_a_source_may_use_all_that_is_free() -> None:
    """Alone, it is refused at the limit."""
    limit = FairLimit(10)

    assert fill(limit, "A") == 10


def test_each_other_source_gets_its_equal_share() -> None:
    """Once all is taken, those that come later still get the same as if all had come at once."""
    limit = FairLimit(12)

    assert [fill(limit, source) for source in "ABCD"] == [12, 6, 4, 3]
    assert [fill(limit, source) for source in "ABCD"] == [0, 0, 0, 0]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_source_is_shut_out(limit: int) -> None:
    """However small the limit is, and however many sources there are."""
    calls = FairLimit(limit)

    assert all(calls.enter(str(source)) for source in range(20))


def test_what_has_left_counts_no_longer() -> None:
    """Neither do sources without a call share with others."""
    limit = FairLimit(12)
    for source in "AB":
        for _ in range(fill(limit, source)):
            limit.leave(source)

    assert fill(limit, "C") == 12
