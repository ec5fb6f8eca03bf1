"""How many events a second each source accepts."""

from __future__ import annotations

from springhead.gateway.admin.rates import Rates


def test_rates_are_of_the_last_seconds() -> None:
    """A source counts from its first event on."""
    totals = {"a": 5}
    rates = Rates(totals)
    for a, b in ((7, 0), (7, 1), (10, 1)):
        totals.update(a=a, b=b)
        rates.tick()

    assert rates.counts("a")[-4:] == [0, 2, 0, 3]
    assert rates.counts("b")[-3:] == [0, 1, 0]
    assert (rates.mean("a", 10), rates.mean("a", 1)) == (0.5, 3)
    assert rates.counts("never") == [0] * 60
