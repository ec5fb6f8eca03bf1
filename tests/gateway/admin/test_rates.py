"""How many events a second each source accepts."""

from __future__ import annotations

from springhead.gateway.admin.rates import Rates


def test_rates_are_of_the_last_seconds() -> None:
    """A source counts from its first event on."""
    totals = {"a": 5}
    rates = Rates(lambda: {"": dict(totals)})
    for a, b in ((7, 0), (7, 1), (10, 1)):
        totals.update(a=a, b=b)
        rates.tick()

    assert rates.counts("a")[-4:] == [0, 2, 0, 3]
    assert rates.counts("b")[-3:] == [0, 1, 0]
    assert (rates.mean("a", 10), rates.mean("a", 1)) == (0.5, 3)
    assert rates.counts("never") == [0] * 60


def test_rates_are_those_of_all_gateways() -> None:
    """What one accepted before it was heard of is no rate, and what one that is gone accepted is kept."""
    totals: dict[str, dict[str, int]] = {"": {"a": 1}}
    rates = Rates(lambda: dict(totals))
    for now in (
        {"": {"a": 2}, "other": {"a": 1_000}},
        {"": {"a": 4}, "other": {"a": 1_001, "b": 5}},
        {"": {"a": 4}},
        {"": {"a": 5}},
    ):
        totals.clear()
        totals.update(now)
        rates.tick()

    assert rates.counts("a")[-4:] == [1, 3, 0, 1]
    assert rates.counts("b")[-3:] == [5, 0, 0]
